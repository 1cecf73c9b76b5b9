import { readReceipt } from "../reading.js";

/** What of pdfkit, which comes without types, is used here. */
type PdfMaker = new () => {
  text(text: string): void;
  file(content: Buffer, options: { readonly name: string }): void;
  on(event: "data" | "end", listener: (part: Buffer) => void): void;
  end(): void;
};

function party(name: string, tax = ""): string {
  return `<cac:Party><cac:PartyName><cbc:Name>${name}</cbc:Name></cac:PartyName>${tax}</cac:Party>`;
}

/** An invoice or credit note in UBL; `rest` stands before the totals. */
function ubl(root: "Invoice" | "CreditNote", rest = ""): string {
  const tax =
    "<cac:PartyTaxScheme><cbc:CompanyID>DE123456789</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>";
  return `<?xml version="1.0"?><${root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:${root}-2" xmlns:cac="a" xmlns:cbc="b">
<cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0</cbc:CustomizationID>
<cbc:ID>R-7</cbc:ID><cbc:IssueDate>2026-03-04</cbc:IssueDate><cbc:DueDate>2026-04-04</cbc:DueDate>
<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:AccountingSupplierParty>${party("Müller &amp; Söhne", tax)}</cac:AccountingSupplierParty>
<cac:AccountingCustomerParty>${party("Buyer Ltd")}</cac:AccountingCustomerParty>${rest}
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">26.00</cbc:TaxAmount>
<cac:TaxSubtotal><cbc:TaxableAmount>100.00</cbc:TaxableAmount><cbc:TaxAmount>19.00</cbc:TaxAmount><cac:TaxCategory><cbc:Percent>19</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal>
<cac:TaxSubtotal><cbc:TaxableAmount>100.00</cbc:TaxableAmount><cbc:TaxAmount>7.00</cbc:TaxAmount><cac:TaxCategory><cbc:Percent>7</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount>200.00</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount currencyID="EUR">226.00</cbc:TaxInclusiveAmount>
<cbc:PrepaidAmount>26.00</cbc:PrepaidAmount><cbc:PayableAmount currencyID="EUR">200.00</cbc:PayableAmount></cac:LegalMonetaryTotal></${root}>`;
}

/** An invoice in CII, as Factur-X, ZUGFeRD and XRechnung have it. */
function cii(gross = "119.00"): string {
  return `<?xml version="1.0"?><rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" xmlns:ram="r" xmlns:udt="u">
<rsm:ExchangedDocument><ram:ID>F-9</ram:ID><ram:TypeCode>380</ram:TypeCode><ram:IssueDateTime><udt:DateTimeString format="102">20260305</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeAgreement>
<ram:SellerTradeParty><ram:Name>Lieferant GmbH</ram:Name><ram:SpecifiedTaxRegistration><ram:ID schemeID="FC">201/113</ram:ID></ram:SpecifiedTaxRegistration><ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE987</ram:ID></ram:SpecifiedTaxRegistration></ram:SellerTradeParty>
<ram:BuyerTradeParty><ram:Name>Kunde AG</ram:Name></ram:BuyerTradeParty></ram:ApplicableHeaderTradeAgreement>
<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
<ram:ApplicableTradeTax><ram:CalculatedAmount>19.00</ram:CalculatedAmount><ram:BasisAmount>100.00</ram:BasisAmount><ram:RateApplicablePercent>19.00</ram:RateApplicablePercent></ram:ApplicableTradeTax>
<ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:TaxBasisTotalAmount>100.00</ram:TaxBasisTotalAmount><ram:TaxTotalAmount currencyID="EUR">19.00</ram:TaxTotalAmount><ram:GrandTotalAmount>${gross}</ram:GrandTotalAmount><ram:DuePayableAmount>${gross}</ram:DuePayableAmount></ram:SpecifiedTradeSettlementHeaderMonetarySummation>
</ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>`;
}

/** A PDF that shows `lines`, with files attached. */
async function pdf(lines: readonly string[], attached: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const { default: PdfDocument } = (await import("pdfkit" as string)) as { default: PdfMaker };
  const document = new PdfDocument();
  const parts: Buffer[] = [];
  document.on("data", (part: Buffer) => parts.push(part));
  const done = new Promise<void>((resolve) => document.on("end", () => resolve()));
  for (const line of lines) document.text(line);
  for (const [name, content] of Object.entries(attached)) document.file(Buffer.from(content), { name });
  document.end();
  await done;
  return Buffer.concat(parts);
}

describe("e-invoices say everything exactly", () => {
  test("UBL, as XRechnung has it: total, tax by rate, seller, buyer, number, and not the day it is due", async () => {
    expect(await readReceipt("rechnung.xml", ubl("Invoice"))).toEqual({
      merchant: "Müller & Söhne",
      date: "2026-03-04",
      amountMinor: 22600,
      dueMinor: 20000,
      currency: "EUR",
      employee: null,
      reference: "R-7",
      taxes: [
        { rate: 19, netMinor: 10000, taxMinor: 1900 },
        { rate: 7, netMinor: 10000, taxMinor: 700 },
      ],
      taxNumber: "DE123456789",
      buyer: "Buyer Ltd",
      source: "e-invoice",
      incomplete: [],
      flags: [],
    });
  });

  test("a credit note gives money back", async () => {
    const { amountMinor, taxes } = await readReceipt("gutschrift.xml", ubl("CreditNote"));
    expect([amountMinor, taxes!.map(({ taxMinor }) => taxMinor)]).toEqual([-22600, [-1900, -700]]);
  });

  test("net and tax that miss the total are doubted", async () => {
    expect((await readReceipt("cii.xml", cii())).flags).toEqual([]);
    expect((await readReceipt("cii.xml", cii("120.00"))).flags).toEqual(["TOTAL_UNCERTAIN"]);
  });

  test("where the rates have no amounts, the tax of the summary counts", async () => {
    const bare = cii().replace(
      "<ram:CalculatedAmount>19.00</ram:CalculatedAmount><ram:BasisAmount>100.00</ram:BasisAmount>",
      "",
    );
    expect(await readReceipt("cii.xml", bare)).toMatchObject({
      taxes: [{ rate: 19, netMinor: null, taxMinor: 1900 }],
      flags: [],
    });
  });

  test("a total may have what it was rounded by in it, and a name be written in several lines", async () => {
    const rounded = cii("119.30")
      .replace("<ram:GrandTotalAmount>", "<ram:RoundingAmount>0.30</ram:RoundingAmount><ram:GrandTotalAmount>")
      .replace("Lieferant GmbH", "GLN 4333741000005\nLieferant GmbH");
    expect(await readReceipt("cii.xml", rounded)).toMatchObject({
      amountMinor: 11930,
      merchant: "GLN 4333741000005 Lieferant GmbH",
      flags: [],
    });
  });

  test("the XML inside a PDF counts, whatever else is attached", async () => {
    const bytes = await pdf(["Rechnung F-9", "Summe 119,00 EUR"], { "notes.xml": "<a/>", "factur-x.xml": cii() });
    expect(await readReceipt("rechnung.pdf", bytes)).toMatchObject({
      merchant: "Lieferant GmbH",
      date: "2026-03-05",
      amountMinor: 11900,
      taxNumber: "DE987",
      buyer: "Kunde AG",
      source: "e-invoice",
      flags: [],
    });
  });

  test("a page that shows another total than the XML is told", async () => {
    const bytes = await pdf(["Rechnung F-9", "Summe 219,00 EUR"], { "zugferd-invoice.xml": cii() });
    expect(await readReceipt("rechnung.pdf", bytes)).toMatchObject({
      amountMinor: 11900,
      flags: ["INVOICE_DISAGREES"],
    });
  });

  test("where the attached XML is no invoice, the page is read", async () => {
    const bytes = await pdf(["Rechnung", "05.03.2026", "Summe 219,00 EUR"], {
      "factur-x.xml": "<rsm:CrossIndustryInvoice",
    });
    expect(await readReceipt("rechnung.pdf", bytes)).toMatchObject({ amountMinor: 21900, source: "text" });
  });
});
