import { currencyOf, toMinor } from "../../money.js";
import { said, structured, type StructuredAccount, type StructuredLine } from "./structured.js";
import { attribute, child, list, text, unescaped, xmlParser, type XmlNode as Node } from "./xml-nodes.js";

/** Names that may come several times. */
const parse = xmlParser(["Stmt", "Rpt", "Ntfctn", "Ntry", "Bal", "NtryDtls", "TxDtls", "Ustrd"]);

/**
 * The entries of CAMT.053 (statement), .052 (report) and .054 (notification), ISO 20022. Several bookings under one entry
 * are lines of their own where their sums prove it; what is pending is kept and not counted.
 * @throws {Error} when it is no such message
 */
export function readCamt(bytes: Uint8Array, employee: string | null) {
  const document = child(parse(bytes), "Document");
  // The first version names itself: BkToCstmrStmtV01.
  const message = ["BkToCstmrStmt", "BkToCstmrAcctRpt", "BkToCstmrDbtCdtNtfctn"]
    .flatMap((name) => child(document, name) ?? child(document, `${name}V01`) ?? [])
    .at(0);
  if (!message) throw new Error("it holds no bank-to-customer message");
  const statements = [...list(message, "Stmt"), ...list(message, "Rpt"), ...list(message, "Ntfctn")];
  return structured("CAMT", statements.map(accountOf), { employee, evidence: said("CAMT") });
}

function accountOf(statement: Node): StructuredAccount {
  const account = text(statement, "Acct", "Id", "IBAN") ?? text(statement, "Acct", "Id", "Othr", "Id");
  const balances = list(statement, "Bal");
  const currency =
    currencyOf(text(statement, "Acct", "Ccy") ?? undefined) ??
    currencyOf(attribute(child(balances[0], "Amt"), "Ccy") ?? undefined) ??
    currencyOf(attribute(child(list(statement, "Ntry")[0], "Amt"), "Ccy") ?? undefined);
  const of = (...codes: string[]): number | null => {
    const found = balances.filter((balance) => codes.includes(text(balance, "Tp", "CdOrPrtry", "Cd") ?? ""));
    const balance = codes[0] === "CLBD" ? found.at(-1) : found[0];
    return balance ? moneyOf(balance, currency).minor : null;
  };
  return {
    account,
    currency,
    openingMinor: of("OPBD", "PRCD"),
    closingMinor: of("CLBD"),
    lines: list(statement, "Ntry").flatMap((entry) => linesOf(entry, currency, dayOf(balances))),
  };
}

/** In minor units, money that came in positive, as balances are told. */
function moneyOf(
  node: Node,
  fallback: string | null,
): { readonly minor: number | null; readonly currency: string | null } {
  const amount = child(node, "Amt");
  const currency = currencyOf(attribute(amount, "Ccy") ?? undefined) ?? fallback;
  const written = (typeof node.Amt === "string" ? node.Amt : (text(node, "Amt", "#text") ?? "")).trim();
  const size = /^\d+(\.\d+)?$/.test(written) ? toMinor({ number: written }, currency, ".") : null;
  const isDebit = text(node, "CdtDbtInd") === "DBIT";
  return { minor: size === null || size === 0 ? size : isDebit ? -size : size, currency };
}

/** The day that a statement opens and closes on: entries that tell none of their own are of that day. */
function dayOf(balances: readonly Node[]): string | null {
  const days = ["OPBD", "CLBD"].map((code) => {
    const balance = balances.find((one) => text(one, "Tp", "CdOrPrtry", "Cd") === code) ?? null;
    return (text(balance, "Dt", "Dt") ?? text(balance, "Dt", "DtTm"))?.slice(0, 10) ?? null;
  });
  return days[0] === days[1] ? days[0]! : null;
}

function linesOf(entry: Node, fallback: string | null, day: string | null): StructuredLine[] {
  const { minor, currency } = moneyOf(entry, fallback);
  const date =
    (
      text(entry, "BookgDt", "Dt") ??
      text(entry, "BookgDt", "DtTm") ??
      text(entry, "ValDt", "Dt") ??
      text(entry, "ValDt", "DtTm")
    )?.slice(0, 10) ?? day;
  const status = text(entry, "Sts", "Cd") ?? text(entry, "Sts") ?? "BOOK";
  const whole = { date, currency, ...(status === "BOOK" ? {} : { notCounted: status }) };
  const details = list(entry, "NtryDtls").flatMap((one) => list(one, "TxDtls"));
  const parts = details.map((detail) => ({ detail, ...partOf(detail, currency, text(entry, "CdtDbtInd") === "DBIT") }));
  const adds =
    parts.length > 1 &&
    parts.every((part) => part.minor !== null && part.currency === currency) &&
    parts.reduce((sum, part) => sum + part.minor!, 0) === minor;
  if (adds)
    return parts.map(({ detail, minor: part }) => ({
      ...whole,
      ...wordsOf(entry, detail),
      ...foreignOf(detail, currency),
      amountMinor: negated(part),
    }));
  return [
    {
      ...whole,
      ...wordsOf(entry, details.length === 1 ? details[0]! : null),
      ...(details.length === 1 ? foreignOf(details[0]!, currency) : {}),
      amountMinor: negated(minor),
    },
  ];
}

function negated(minor: number | null): number | null {
  return minor === null || minor === 0 ? minor : -minor;
}

function partOf(
  detail: Node,
  currency: string | null,
  isDebit: boolean,
): { readonly minor: number | null; readonly currency: string | null } {
  const node =
    child(detail, "Amt") ?? (typeof detail.Amt === "string" ? null : child(child(detail, "AmtDtls"), "TxAmt"));
  const holder = detail.Amt !== undefined ? detail : ((node as Node) ?? {});
  const { minor, currency: own } = moneyOf(
    { ...holder, CdtDbtInd: detail.CdtDbtInd ?? (isDebit ? "DBIT" : "CRDT") },
    currency,
  );
  return { minor, currency: own };
}

function foreignOf(
  detail: Node,
  currency: string | null,
): Pick<StructuredLine, "originalAmountMinor" | "originalCurrency"> {
  const instructed = child(child(detail, "AmtDtls"), "InstdAmt");
  if (!instructed) return {};
  const found = moneyOf({ ...instructed, CdtDbtInd: detail.CdtDbtInd ?? "CRDT" }, null);
  if (found.minor === null || found.currency === null || found.currency === currency) return {};
  return { originalAmountMinor: Math.abs(found.minor), originalCurrency: found.currency };
}

function wordsOf(entry: Node, detail: Node | null): Pick<StructuredLine, "description" | "reference" | "counterparty"> {
  const isDebit = (text(detail, "CdtDbtInd") ?? text(entry, "CdtDbtInd")) === "DBIT";
  const parties = child(detail, "RltdPties");
  const other = isDebit ? child(parties, "Cdtr") : child(parties, "Dbtr");
  const counterparty = text(other, "Nm") ?? text(other, "Pty", "Nm");
  const remittance = list(child(detail, "RmtInf"), "Ustrd").map(String).join(" ");
  const parts = [counterparty, remittance, text(detail, "AddtlTxInf"), text(entry, "AddtlNtryInf")].filter(
    (part, at, all) => part && all.indexOf(part) === at,
  );
  const reference =
    text(detail, "Refs", "AcctSvcrRef") ??
    text(entry, "AcctSvcrRef") ??
    text(detail, "Refs", "EndToEndId") ??
    text(entry, "NtryRef");
  const description = unescaped(parts.slice(0, 3).join(" ").replace(/\s+/g, " ").trim());
  return {
    description,
    ...(counterparty ? { counterparty: unescaped(counterparty) } : {}),
    ...(reference && reference !== "NOTPROVIDED" ? { reference } : {}),
  };
}
