import { PermanentError } from "../../../errors.js";
import type { Block, BlockPlace } from "../blocks/block.js";
import { encrypted } from "./archive.js";
import { warnOfPage } from "./code-pages.js";
import { openCompound } from "./compound.js";
import { summaryFactsOf } from "./compound-facts.js";
import type { ParseAid, Parsed } from "./parsed.js";
import { marginBlocks } from "./sheet-margins.js";
import { shownRows, warnOfSheets, type SheetReader } from "./sheet-rows.js";
import { builtInPattern, CellFormats } from "./xlsx-format.js";
import { countText, regionsOf, rowsIn } from "./xlsx-regions.js";
import { columnName } from "./xlsx-sheet.js";
import { oldText, recordsFrom, XlsText } from "./xls-records.js";
import { readXlsSheet, type XlsAid } from "./xls-sheet.js";

/** Versions from this number on write letters in Unicode. */
const VERSION_97 = 0x600;
const WORKSHEET = 0;
const CHART_SHEET = 2;
const MAX_SHEETS = 5_000;

interface Workbook extends XlsAid {
  readonly sheets: readonly { readonly title: string; readonly start: number; readonly isHidden: boolean }[];
  readonly shared: readonly string[];
  readonly patterns: readonly string[];
  readonly is1904: boolean;
}

/** An Excel 97–2003 workbook (also of Excel 5 and 95), sheet by sheet under its name, as xlsx is read. */
export async function parseXls(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { compound, stream, workbook, reader } = openWorkbook(bytes, name, aid);
  const blocks: Block[] = [];
  const margins = new Set<string>();
  let rows = 0;
  for (const { title, isHidden, sheet } of sheetsIn(stream, workbook, aid)) {
    const place: BlockPlace = { part: title };
    const found: Block[] = [
      ...regionsOf(shownRows(reader, sheet), reader, place),
      ...sheet.comments.map(({ row, column, text }): Block => ({
        kind: "note",
        text: `Comment on ${columnName(column)}${row + 1}: ${text}`,
        ...place,
      })),
      ...sheet.drawn.map((text): Block => ({ kind: "paragraph", text, ...place })),
      ...marginBlocks(sheet.margins, margins, place),
    ];
    rows += found.reduce((sum, block) => sum + rowsIn(block), 0);
    if (found.length === 0) continue;
    blocks.push({ kind: "heading", level: 2, text: isHidden ? `${title} (hidden sheet)` : title, ...place });
    for (const block of found) blocks.push(block);
  }
  warnOfSheets(reader, aid);
  const embedded = compound.entries.filter(({ path, isStorage }) => isStorage && /^MBD[0-9A-F]{8}$/i.test(path)).length;
  if (embedded > 0) {
    aid.warn("EMBEDDED_FILES_UNREAD", `${name} holds ${embedded} objects that were not read.`, { count: embedded });
  }
  return { blocks, metadata: { sheets: workbook.sheets.length, rows, ...summaryFactsOf(compound) } };
}

/** A sheet's cells by row and column, both from 0: numbers as such, days as ISO, all else as it shows. */
export interface XlsTable {
  readonly name: string;
  readonly rows: readonly {
    readonly row: number;
    readonly cells: readonly { readonly column: number; readonly value: string | number }[];
  }[];
}

/** The sheets of such a workbook as tables. @throws {PermanentError} as parseXls */
export function xlsTables(bytes: Uint8Array, name: string, aid: Warns): XlsTable[] {
  const { stream, workbook, reader } = openWorkbook(bytes, name, aid);
  const tables: XlsTable[] = [];
  for (const { title, sheet } of sheetsIn(stream, workbook, aid)) {
    const rows = sheet.rows.map(({ row, cells }) => ({
      row,
      cells: cells.map((cell) => {
        const number = cell.type === "n" ? Number(cell.value) : NaN;
        const text = (): string => reader.formats.show(cell, workbook.shared);
        const value = reader.formats.day(cell) ?? (Number.isFinite(number) ? number : text());
        if (typeof value === "string") countText(reader, value.length);
        return { column: cell.column, value };
      }),
    }));
    tables.push({ name: title, rows });
  }
  warnOfSheets(reader, aid);
  return tables;
}

type Warns = Pick<ParseAid, "warn">;

function openWorkbook(bytes: Uint8Array, name: string, aid: Warns) {
  const compound = openCompound(bytes, name, aid);
  const stream = compound.read("Workbook") ?? compound.read("Book");
  if (!stream) throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no workbook inside; send an intact copy.`);
  const workbook = workbookOf(stream, name, aid);
  const formats = new CellFormats(workbook.patterns, workbook.is1904);
  const reader: SheetReader = {
    name,
    shared: workbook.shared,
    formats,
    cells: 0,
    merged: 0,
    lookedAt: 0,
    characters: 0,
  };
  return { compound, stream, workbook, reader };
}

/** Each sheet in its order, and a warning of what is lost in it. */
function* sheetsIn(stream: Buffer, workbook: Workbook, aid: Warns) {
  const { name } = workbook;
  const starts = workbook.sheets.map(({ start }) => start).sort((a, b) => a - b);
  let broken = 0;
  for (const { title, start, isHidden } of workbook.sheets) {
    // Sheets stand one behind the other: one that has no end goes on to the next.
    const end = starts[starts.indexOf(start) + 1] ?? stream.length;
    const sheet = readXlsSheet(stream.subarray(0, end), start, workbook);
    if (sheet.isCut) {
      aid.warn("PART_UNREAD", `The sheet "${title}" of ${name} breaks off; what follows is lost.`, { count: 1 });
    }
    broken += sheet.broken;
    yield { title, isHidden, sheet };
  }
  if (broken > 0) {
    aid.warn("PART_UNREAD", `${broken} records of ${name} are too short for what they must hold.`, { count: broken });
  }
}

/** What stands before the sheets. @throws {PermanentError} ENCRYPTED_DOCUMENT, MALFORMED_DOCUMENT */
function workbookOf(stream: Buffer, name: string, aid: Warns): Workbook {
  const sheets = new Map<number, { title: string; start: number; isHidden: boolean }>();
  const formats = new Map<number, string>();
  const styles: number[] = [];
  let shared: string[] = [];
  let [codePage, is1904, isOld, isBegun] = [1_252, false, false, false];
  let isEnded = false;
  for (const { type, parts, isCut } of recordsFrom(stream, 0)) {
    const bytes = parts[0]!;
    isEnded = type === 0x0a && !isCut;
    if (type === 0x809 && bytes.length >= 2) {
      isOld = bytes.readUInt16LE(0) < VERSION_97;
      isBegun = true;
    } else if (type === 0x0a) break;
    else if (type === 0x2f) throw encrypted(name);
    else if (type === 0x42 && bytes.length >= 2) codePage = codePageOf(bytes.readUInt16LE(0));
    else if (type === 0x22 && bytes.length >= 2) is1904 = bytes.readUInt16LE(0) === 1;
    else if (type === 0x41e && bytes.length > 4) {
      formats.set(bytes.readUInt16LE(0), isOld ? oldText(bytes, 2, 1, codePage) : new XlsText(parts, 2).read(2));
    } else if (type === 0xe0 && bytes.length >= 4) styles.push(bytes.readUInt16LE(2));
    else if (type === 0x85 && bytes.length > 7 && (bytes[5] === WORKSHEET || bytes[5] === CHART_SHEET)) {
      const title = isOld ? oldText(bytes, 6, 1, codePage) : new XlsText(parts, 6).read(1);
      const start = bytes.readUInt32LE(0);
      // A sheet that is listed over and over would be read as often.
      if (!sheets.has(start)) sheets.set(start, { title, start, isHidden: (bytes[4]! & 3) !== 0 });
    } else if (type === 0xfc) shared = sharedOf(parts);
  }
  if (sheets.size > MAX_SHEETS) {
    throw new PermanentError(
      "RESOURCE_LIMIT",
      `${name} has ${sheets.size} sheets; the limit is ${MAX_SHEETS}. Split it.`,
    );
  }
  if (isBegun && !isEnded) {
    aid.warn("PART_UNREAD", `What stands before the sheets of ${name} breaks off.`, { count: 1 });
  }
  warnOfPage(codePage, name, aid);
  if (!isBegun)
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} does not begin as a workbook; send an intact copy.`);
  const patterns = styles.map((id) => formats.get(id) ?? builtInPattern(id));
  return { name, sheets: [...sheets.values()], shared, patterns, is1904, codePage, isOld };
}

function sharedOf(parts: readonly Buffer[]): string[] {
  const texts: string[] = [];
  const text = new XlsText(parts, 8);
  while (!text.isDone) texts.push(text.read(2));
  return texts;
}

/** Two of the Macintosh and of old Excel have numbers of their own. */
function codePageOf(value: number): number {
  if (value === 0x8000) return 10_000;
  return value === 0x8001 ? 1_252 : value;
}
