import { PermanentError, messageOf } from "../../../errors.js";
import { decodeText } from "../../decode-text.js";
import { findDates } from "../dates.js";
import { findAmounts, toMinor } from "../money.js";
import { rowText, type Evidence, type Receipt, type Row, type StatementFacts, type StatementLine } from "../shapes.js";
import { readCamt } from "./formats/camt.js";
import { readMt940 } from "./formats/mt940.js";
import { readOfx } from "./formats/ofx.js";
import { readEInvoice, type EInvoice } from "./formats/e-invoice.js";
import { htmlRows } from "./formats/html-rows.js";
import { readPdf } from "./formats/pdf-rows.js";
import { readQif } from "./formats/qif.js";
import { csvRows, xlsSheets, xlsxSheets } from "./formats/table-rows.js";
import { textOf } from "./formats/text-of.js";
import { CAMT, E_INVOICE, MT940, OFX, QIF, ROLES, XLS } from "./media-types.js";
import { withOrder } from "./order-data.js";
import { readReceipt } from "./receipt.js";
import { readSheets } from "./sheets.js";
import { accountKind } from "./table/account-kind.js";
import { specialRow } from "./table/words.js";
import { readStatement, type Statement, type StatementDefaults } from "./statement.js";

export interface DocumentBytes {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly name: string;
  /** Given by whoever sent the document; null leaves it to the content. */
  readonly role: "statement" | "receipt" | null;
}

export type ReadDocument =
  | {
      readonly role: "statement";
      readonly lines: readonly StatementLine[];
      readonly facts: StatementFacts;
      readonly text: string;
    }
  | { readonly role: "receipt"; readonly receipt: Receipt; readonly text: string };

/** @throws {PermanentError} UNSUPPORTED_TYPE, ENCRYPTED_DOCUMENT, MALFORMED_DOCUMENT, NO_TEXT, NO_TRANSACTIONS, NO_AMOUNT */
export async function readDocument(source: DocumentBytes, defaults: StatementDefaults): Promise<ReadDocument> {
  try {
    return await read(source, defaults);
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    throw new PermanentError(
      "MALFORMED_DOCUMENT",
      `${source.name} is broken (${messageOf(error).slice(0, 300)}); send an intact copy.`,
    );
  }
}

async function read(source: DocumentBytes, defaults: StatementDefaults): Promise<ReadDocument> {
  const { bytes, mediaType, name } = source;
  const kind = ROLES[mediaType];
  if (kind === undefined) throw new PermanentError("UNSUPPORTED_TYPE", `${name} is ${mediaType}; send it as PDF.`);
  const own = inBankFormat(source, defaults);
  // A file of a bank's own format may say that nothing happened.
  if (own) return { role: "statement", ...own, text: own.lines.map(({ description }) => description).join("\n") };
  if (kind === "statement") {
    if (mediaType !== "text/csv") return workbook(source, defaults);
    const rows = csvRows(bytes);
    return statement(
      name,
      readStatement(rows, { name, format: "CSV", isPage: false }, defaults),
      rows.map(rowText).join("\n"),
    );
  }
  if (mediaType === E_INVOICE) {
    const invoice = readEInvoice(bytes, defaults);
    return { role: "receipt", receipt: invoice.receipt, text: decodeText(bytes).text };
  }
  if (kind === "either") {
    const { rows, xml } = await readPdf(bytes, name);
    const invoice = eInvoiceIn(xml, defaults);
    if (invoice)
      return { role: "receipt", receipt: agreed(invoice, rows.map(rowText)), text: rows.map(rowText).join("\n") };
    if (source.role === "receipt") {
      const text = rows.map(rowText).join("\n");
      return receipt(name, readReceipt({ text }, defaults), text);
    }
    const found = readStatement(rows, { name, format: "PDF", isPage: true }, defaults);
    const text = rows.map(rowText).join("\n");
    if (source.role === "statement" || isStatement(rows, found.lines)) return statement(name, found, text);
    return receipt(name, readReceipt({ text }, defaults), text);
  }
  if (mediaType === "text/html" && source.role !== "receipt") {
    const rows = await htmlRows(bytes);
    const found = readStatement(rows, { name, format: "HTML", isPage: false }, defaults);
    if (source.role === "statement" || isTableOfLines(rows, found))
      return statement(name, found, rows.map(rowText).join("\n"));
  }
  const read = await textOf(bytes, mediaType, name);
  const found = readReceipt(read, defaults);
  return receipt(name, read.order ? withOrder(found, read.order, read.text) : found, read.text);
}

async function workbook({ bytes, mediaType, name }: DocumentBytes, defaults: StatementDefaults): Promise<ReadDocument> {
  const lost: string[] = [];
  const isOld = mediaType === XLS;
  const sheets = isOld ? await xlsSheets(bytes, name, (what) => lost.push(what)) : await xlsxSheets(bytes);
  const { lines, facts } = readSheets(sheets, { name, format: isOld ? "XLS" : "XLSX" }, defaults);
  const evidence = lost.map((reason): Evidence => ({
    of: "rows",
    certainty: "assumed",
    reason,
    flag: "ROWS_NOT_READ",
  }));
  return statement(
    name,
    { lines, facts: { ...facts, evidence: [...facts.evidence, ...evidence] } },
    sheets.flatMap(({ rows }) => rows.map(rowText)).join("\n"),
  );
}

function inBankFormat({ bytes, mediaType }: DocumentBytes, defaults: StatementDefaults): Statement | null {
  if (mediaType === OFX) return readOfx(bytes, defaults);
  if (mediaType === CAMT) return readCamt(bytes, defaults.employee);
  if (mediaType === MT940) return readMt940(bytes, defaults);
  return mediaType === QIF ? readQif(bytes, defaults) : null;
}

/** The first attachment that is an invoice; what else is attached is nobody's business here. */
function eInvoiceIn(xml: readonly Uint8Array[], defaults: StatementDefaults): EInvoice | null {
  for (const bytes of xml) {
    try {
      return readEInvoice(bytes, defaults);
    } catch {
      continue; // Another attachment, or one that is broken: then the page itself is read.
    }
  }
  return null;
}

/** The XML says it exactly, and people see the page: where the page does not show the XML's total, a person must look. */
function agreed({ receipt, dueMinor }: EInvoice, lines: readonly string[]): Receipt {
  const shown = lines.flatMap((line) =>
    findAmounts(line).flatMap(({ amount }) => toMinor(amount, receipt.currency, null) ?? []),
  );
  const wanted = [receipt.amountMinor, dueMinor].flatMap((one) => (one === null ? [] : [Math.abs(one)]));
  if (shown.length === 0 || wanted.some((one) => shown.includes(one))) return receipt;
  return { ...receipt, flags: [...receipt.flags, "INVOICE_DISAGREES"] };
}

/** A statement's lines have a date each, and are most of its figures; a receipt has one date and a sum. */
function isStatement(rows: readonly Row[], lines: readonly StatementLine[]): boolean {
  const complete = lines.filter(({ date, amountMinor }) => date !== null && amountMinor !== null).length;
  if (complete === 0) return false;
  const text = rows.map(rowText);
  const saysSo = text
    .slice(0, 30)
    .some((line) =>
      /\b(statement|kontoauszug|relev[eé]|opening|closing|previous balance|account (number|ending)|card ?(member|holder)|extracto|estratto conto|rekeningafschrift|wyciąg|kontoutdrag)\b/i.test(
        line,
      ),
    );
  const isReceipt = text
    .slice(0, 15)
    .some((line) => /\b(invoice|receipt|rechnung|quittung|facture|re[cç]u)\b/i.test(line));
  const dated = text.filter((line) => findDates(line).length > 0 && findAmounts(line).length > 0).length;
  if (saysSo && !isReceipt) return true;
  // A card's bill calls itself an invoice, and begins with the balance of the last.
  if (complete >= MANY && accountKind(text.join("\n")) === "card" && text.some(isCarriedForward)) return true;
  return complete >= 2 && !isReceipt && complete >= dated / 2;
}

/** A page with a table of dated lines under a heading: an order's items have no days of their own. */
function isTableOfLines(rows: readonly Row[], { lines, facts }: Statement): boolean {
  const columns = facts.mapping?.columns ?? {};
  return (
    lines.length >= 2 &&
    columns.date !== undefined &&
    facts.mapping?.match.headings !== undefined &&
    isStatement(rows, lines)
  );
}

/** So many dated lines with an amount no receipt has. */
const MANY = 5;

function isCarriedForward(line: string): boolean {
  return specialRow(line.replace(/[\d.,'’]+.*$/u, "")) === "opening";
}

function statement(name: string, { lines, facts }: Statement, text: string): ReadDocument {
  if (lines.length === 0 && facts.mapping === null) {
    const unread =
      facts.notRead.length > 0
        ? ` ${facts.notRead.length} rows have a date or an amount, such as "${facts.notRead[0]!.text.slice(0, 80)}".`
        : "";
    throw new PermanentError(
      text.trim() === "" ? "NO_TEXT" : "NO_TRANSACTIONS",
      `${name} holds no transactions that can be told by a date, a text and an amount; export it as CSV or OFX, or name its columns in options.statements.${unread}`,
    );
  }
  return { role: "statement", lines, facts, text };
}

function receipt(name: string, found: Receipt, text: string): ReadDocument {
  if (text.trim() === "")
    throw new PermanentError("NO_TEXT", `${name} holds no text; send a sharper picture or a PDF with text.`);
  if (found.amountMinor === null && found.date === null) {
    throw new PermanentError("NO_AMOUNT", `${name} holds neither an amount nor a date; see that it is a receipt.`);
  }
  return { role: "receipt", receipt: found, text };
}
