import { currencyOf, toMinor } from "../../money.js";
import type { Missing, Receipt, TaxPart } from "../../shapes.js";
import { attribute, child, list, text, unescaped, xmlParser, type XmlNode } from "./xml-nodes.js";

const parse = xmlParser([
  "TaxTotal",
  "TaxSubtotal",
  "ApplicableTradeTax",
  "PartyTaxScheme",
  "SpecifiedTaxRegistration",
  "PartyIdentification",
  "TaxTotalAmount",
]);
/** Codes of UNTDID 1001 for documents that give money back. */
const CREDITS: ReadonlySet<string> = new Set(["81", "261", "262", "296", "308", "381", "396", "420", "458", "532"]);

/** What an invoice of EN 16931 says: everything exactly, in minor units. */
export interface EInvoice {
  readonly receipt: Receipt;
  /** What is still to be paid, where something was paid before. */
  readonly dueMinor: number | null;
}

/**
 * Reads an electronic invoice: UBL (XRechnung, Peppol) and CII (ZUGFeRD, Factur-X, XRechnung) of all profiles.
 * @throws {Error} when it is neither, or has no total
 */
export function readEInvoice(bytes: Uint8Array, defaults: { readonly employee: string | null }): EInvoice {
  const root = parse(bytes);
  const ubl = child(root, "Invoice") ?? child(root, "CreditNote");
  const cii = child(root, "CrossIndustryInvoice") ?? child(root, "CrossIndustryDocument");
  if (ubl) return invoiceOf(fromUbl(ubl, root.CreditNote !== undefined), defaults.employee);
  if (cii) return invoiceOf(fromCii(cii), defaults.employee);
  throw new Error("it holds no invoice of UBL or CII");
}

interface Said {
  readonly number: string | null;
  readonly date: string | null;
  readonly currency: string | null;
  readonly isCredit: boolean;
  readonly seller: string | null;
  readonly buyer: string | null;
  readonly taxNumber: string | null;
  readonly net: string | null;
  readonly gross: string | null;
  readonly due: string | null;
  readonly prepaid: string | null;
  readonly rounding: string | null;
  readonly taxes: readonly { readonly rate: string | null; readonly net: string | null; readonly tax: string | null }[];
}

function fromUbl(invoice: XmlNode, isCreditNote: boolean): Said {
  const totals = child(invoice, "LegalMonetaryTotal");
  // The first version of UBL names the currency at each amount alone.
  const gross = child(totals, "TaxInclusiveAmount") ?? child(totals, "PayableAmount");
  const currency = text(invoice, "DocumentCurrencyCode") ?? attribute(gross, "currencyID");
  const [seller, buyer] = [
    child(child(invoice, "AccountingSupplierParty"), "Party"),
    child(child(invoice, "AccountingCustomerParty"), "Party"),
  ];
  const nameOf = (party: XmlNode | null): string | null =>
    text(party, "PartyLegalEntity", "RegistrationName") ?? text(party, "PartyName", "Name");
  const numbers = list(seller, "PartyTaxScheme");
  const vat = numbers.find((scheme) => text(scheme, "TaxScheme", "ID") === "VAT") ?? numbers[0];
  const inCurrency = list(invoice, "TaxTotal").filter(
    (total) => (attribute(child(total, "TaxAmount"), "currencyID") ?? currency) === currency,
  );
  // A total of the tax without its parts says again what the one with parts says.
  const withParts = inCurrency.filter((total) => list(total, "TaxSubtotal").length > 0);
  return {
    number: text(invoice, "ID"),
    date: text(invoice, "IssueDate"),
    currency,
    isCredit: isCreditNote || CREDITS.has(text(invoice, "InvoiceTypeCode") ?? ""),
    seller: nameOf(seller),
    buyer: nameOf(buyer),
    taxNumber: text(vat, "CompanyID"),
    net: text(totals, "TaxExclusiveAmount"),
    gross: text(totals, "TaxInclusiveAmount"),
    due: text(totals, "PayableAmount"),
    prepaid: text(totals, "PrepaidAmount"),
    rounding: text(totals, "PayableRoundingAmount"),
    taxes: (withParts.length > 0 ? withParts : inCurrency).flatMap((total) => {
      const parts = list(total, "TaxSubtotal").map((part) => ({
        rate: text(part, "TaxCategory", "Percent") ?? text(part, "Percent"),
        net: text(part, "TaxableAmount"),
        tax: text(part, "TaxAmount"),
      }));
      return parts.length > 0 ? parts : [{ rate: null, net: null, tax: text(total, "TaxAmount") }];
    }),
  };
}

function fromCii(invoice: XmlNode): Said {
  const document = child(invoice, "ExchangedDocument") ?? child(invoice, "HeaderExchangedDocument");
  const trade = child(invoice, "SupplyChainTradeTransaction") ?? child(invoice, "SpecifiedSupplyChainTradeTransaction");
  const agreement =
    child(trade, "ApplicableHeaderTradeAgreement") ?? child(trade, "ApplicableSupplyChainTradeAgreement");
  const settlement =
    child(trade, "ApplicableHeaderTradeSettlement") ?? child(trade, "ApplicableSupplyChainTradeSettlement");
  const totals =
    child(settlement, "SpecifiedTradeSettlementHeaderMonetarySummation") ??
    child(settlement, "SpecifiedTradeSettlementMonetarySummation");
  const currency = text(settlement, "InvoiceCurrencyCode");
  const registrations = list(child(agreement, "SellerTradeParty"), "SpecifiedTaxRegistration");
  const vat = registrations.find((one) => attribute(child(one, "ID"), "schemeID") === "VA") ?? registrations[0];
  const day = text(document, "IssueDateTime", "DateTimeString") ?? text(document, "IssueDateTime", "DateTime");
  const parts = list(settlement, "ApplicableTradeTax").map((part) => ({
    rate: text(part, "RateApplicablePercent") ?? text(part, "ApplicablePercent"),
    net: text(part, "BasisAmount"),
    tax: text(part, "CalculatedAmount"),
  }));
  const total =
    list(totals, "TaxTotalAmount").find((one) => (attribute(one, "currencyID") ?? currency) === currency) ??
    list(totals, "TaxTotalAmount")[0];
  const inTotal = typeof total === "string" ? (total as string) : text(total, "#text");
  return {
    number: text(document, "ID"),
    date:
      day && /^\d{8}/.test(day)
        ? `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6, 8)}`
        : (day?.slice(0, 10) ?? null),
    currency,
    isCredit: CREDITS.has(text(document, "TypeCode") ?? ""),
    seller:
      text(agreement, "SellerTradeParty", "Name") ??
      text(agreement, "SellerTradeParty", "SpecifiedLegalOrganization", "TradingBusinessName"),
    buyer: text(agreement, "BuyerTradeParty", "Name"),
    taxNumber: text(vat, "ID"),
    net: text(totals, "TaxBasisTotalAmount"),
    gross: text(totals, "GrandTotalAmount"),
    due: text(totals, "DuePayableAmount"),
    prepaid: text(totals, "TotalPrepaidAmount"),
    rounding: text(totals, "RoundingAmount"),
    // Some sellers give the rates alone, and the tax in one sum.
    taxes: parts.some(({ tax }) => tax !== null)
      ? parts
      : inTotal === null
        ? []
        : [{ rate: oneOf(parts.map(({ rate }) => rate)), net: null, tax: inTotal }],
  };
}

function oneOf(rates: readonly (string | null)[]): string | null {
  return new Set(rates).size === 1 ? rates[0]! : null;
}

/** A name in one line. */
function nameOf(text: string): string {
  return unescaped(text).replace(/\s+/g, " ");
}

function invoiceOf(said: Said, employee: string | null): EInvoice {
  const currency = currencyOf(said.currency ?? undefined);
  const minor = (written: string | null): number | null => {
    if (written === null || !/^[-+]?\d*\.?\d+$/.test(written)) return null;
    const size = toMinor({ number: written.replace(/^[-+]/, "") }, currency, ".");
    return size === null || size === 0 ? size : written.startsWith("-") ? -size : size;
  };
  const [gross, due, net] = [minor(said.gross), minor(said.due), minor(said.net)];
  const total = gross ?? due;
  if (total === null) throw new Error("the invoice has no total");
  // A credit note gives its amounts without a sign; a corrected invoice has the sign already.
  const way = said.isCredit && total > 0 ? -1 : 1;
  const signed = (one: number): number => (one === 0 ? 0 : one * way);
  const taxes = said.taxes.flatMap((part): TaxPart[] => {
    const tax = minor(part.tax);
    const base = minor(part.net);
    return tax === null
      ? []
      : [
          {
            rate: part.rate === null ? null : Number(part.rate),
            netMinor: base === null ? null : signed(base),
            taxMinor: signed(tax),
          },
        ];
  });
  const taxSum = taxes.reduce((sum, { taxMinor }) => sum + taxMinor, 0);
  // Some sellers give the total with what it was rounded by, as the first version of UBL did.
  const rounding = signed(minor(said.rounding) ?? 0);
  const missed = net === null || gross === null ? 0 : signed(gross) - signed(net) - taxSum;
  const adds = missed === 0 || missed === rounding;
  const prepaid = minor(said.prepaid) ?? 0;
  const date = said.date && /^\d{4}-\d{2}-\d{2}/.test(said.date) ? said.date.slice(0, 10) : null;
  const isDueLess = due !== null && due > 0 && due !== total;
  const missing: (Missing | false)[] = [
    said.seller === null && "merchant",
    date === null && "date",
    currency === null && "currency",
  ];
  const receipt: Receipt = {
    merchant: said.seller && nameOf(said.seller),
    date,
    amountMinor: signed(total),
    ...(isDueLess ? { dueMinor: signed(due) } : {}),
    currency,
    employee,
    ...(said.number ? { reference: said.number } : {}),
    ...(taxes.length > 0 ? { taxes } : {}),
    ...(said.taxNumber ? { taxNumber: said.taxNumber } : {}),
    ...(said.buyer ? { buyer: nameOf(said.buyer) } : {}),
    source: "e-invoice",
    incomplete: missing.filter((one): one is Missing => one !== false),
    flags: adds ? [] : ["TOTAL_UNCERTAIN"],
  };
  return { receipt, dueMinor: due !== null && (prepaid !== 0 || due !== total) ? signed(due) : null };
}
