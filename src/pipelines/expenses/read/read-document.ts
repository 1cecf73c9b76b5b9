import { PermanentError, messageOf } from "../../../errors.js";
import { findDates } from "../dates.js";
import { ROLES } from "./media-types.js";
import { findAmounts } from "../money.js";
import { readOfx } from "./ofx.js";
import { pdfRows } from "./pdf-rows.js";
import { readReceipt } from "./receipt.js";
import { rowText, type Receipt, type Row, type StatementLine } from "../shapes.js";
import { readStatement, type StatementDefaults } from "./statement.js";
import { csvRows, xlsxRows } from "./table-rows.js";
import { textOf } from "./text-of.js";

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
      readonly datesAreCertain: boolean;
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
  if (mediaType === "application/x-ofx") {
    const lines = readOfx(bytes, defaults);
    return statement(name, { lines, datesAreCertain: true }, lines.map(({ description }) => description).join("\n"));
  }
  if (kind === "statement") {
    const rows = mediaType === "text/csv" ? csvRows(bytes) : await xlsxRows(bytes);
    return statement(name, readStatement(rows, defaults), rows.map(rowText).join("\n"));
  }
  if (kind === "either" && source.role !== "receipt") {
    const rows = await pdfRows(bytes, name);
    const found = readStatement(rows, defaults);
    const text = rows.map(rowText).join("\n");
    if (source.role === "statement" || isStatement(rows, found.lines)) return statement(name, found, text);
    return receipt(name, readReceipt({ text }, defaults), text);
  }
  const read = await textOf(bytes, mediaType, name);
  return receipt(name, readReceipt(read, defaults), read.text);
}

/** A statement's lines have a date each, and are most of its figures; a receipt has one date and a sum. */
function isStatement(rows: readonly Row[], lines: readonly StatementLine[]): boolean {
  const complete = lines.filter(({ date, amountMinor }) => date !== null && amountMinor !== null).length;
  if (complete === 0) return false;
  const text = rows.map(rowText);
  const saysSo = text
    .slice(0, 30)
    .some((line) =>
      /\b(statement|kontoauszug|relev[eé]|opening|closing|previous balance|account (number|ending)|card ?(member|holder))\b/i.test(
        line,
      ),
    );
  const isReceipt = text
    .slice(0, 15)
    .some((line) => /\b(invoice|receipt|rechnung|quittung|facture|re[cç]u)\b/i.test(line));
  const dated = text.filter((line) => findDates(line).length > 0 && findAmounts(line).length > 0).length;
  if (saysSo && !isReceipt) return true;
  return complete >= 2 && !isReceipt && complete >= dated / 2;
}

function statement(
  name: string,
  { lines, datesAreCertain }: { lines: readonly StatementLine[]; datesAreCertain: boolean },
  text: string,
): ReadDocument {
  if (lines.length === 0) {
    throw new PermanentError(
      text.trim() === "" ? "NO_TEXT" : "NO_TRANSACTIONS",
      `${name} holds no transactions that can be told by a date, a text and an amount; export it as CSV or OFX.`,
    );
  }
  return { role: "statement", lines, datesAreCertain, text };
}

function receipt(name: string, found: Receipt, text: string): ReadDocument {
  if (text.trim() === "")
    throw new PermanentError("NO_TEXT", `${name} holds no text; send a sharper picture or a PDF with text.`);
  if (found.amountMinor === null && found.date === null) {
    throw new PermanentError("NO_AMOUNT", `${name} holds neither an amount nor a date; see that it is a receipt.`);
  }
  return { role: "receipt", receipt: found, text };
}
