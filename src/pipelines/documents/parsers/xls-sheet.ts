import type { RawCell, RawRow, RawSheet } from "./xlsx-sheet.js";
import { MAX_CELLS, tooMany } from "./xlsx-sheet.js";
import { oldText, recordsFrom, XlsText } from "./xls-records.js";

/** A sheet of an old workbook, and what stands on it beside its cells. */
export interface XlsSheet extends RawSheet {
  readonly comments: readonly { readonly row: number; readonly column: number; readonly text: string }[];
  /** Of text boxes, and the names of a chart's axes and rows. */
  readonly drawn: readonly string[];
  /** What is printed above and below the sheet, with its codes. */
  readonly margins: readonly string[];
  /** Whether it ends before it says so. */
  readonly isCut: boolean;
  /** Records that are too short for what they must hold. */
  readonly broken: number;
}

/** What holds for the whole workbook. */
export interface XlsAid {
  readonly name: string;
  readonly isOld: boolean;
  readonly codePage: number;
}

/** Boxes that are the comment of a cell have its number. */
const NOTE_BOX = 0x19;
const ERRORS: Readonly<Record<number, string>> = {
  0x00: "#NULL!",
  0x07: "#DIV/0!",
  0x0f: "#VALUE!",
  0x17: "#REF!",
  0x1d: "#NAME?",
  0x24: "#NUM!",
  0x2a: "#N/A",
};

/** No record is of type 0: of so many some program makes padding, and by more something was overwritten by nothing. */
const PADDING = 4;

/** Reads the records of the sheet that begins there. @throws {PermanentError} RESOURCE_LIMIT */
export function readXlsSheet(bytes: Buffer, start: number, aid: XlsAid): XlsSheet {
  const sheet = new SheetBuilder(aid);
  let [depth, broken, empty, isChart, isBegun, isEnded] = [0, 0, 0, false, false, false];
  for (const { type, parts, isCut } of recordsFrom(bytes, start)) {
    if (BOFS.has(type)) {
      depth += 1;
      isBegun = true;
      if (depth === 1) isChart = parts[0]!.length >= 4 && parts[0]!.readUInt16LE(2) === CHART;
    } else if (type === 0x0a) depth -= 1;
    isEnded = depth <= 0;
    if (isEnded || isCut) break;
    if (type === 0 && parts[0]!.length === 0) empty += 1;
    try {
      // The figures of a chart stand in cells as well; here they are rows and columns of nothing.
      sheet.take(type, parts, isChart ? 2 : depth);
    } catch (error) {
      if ((error as Error).name !== "RangeError") throw error;
      broken += 1;
    }
  }
  return { ...sheet.end(), isCut: !isBegun || !isEnded, broken: broken + (empty > PADDING ? empty : 0) };
}

/** What begins, by the number in its first record. */
const CHART = 0x20;
const BOFS: ReadonlySet<number> = new Set([0x009, 0x209, 0x409, 0x809]);

class SheetBuilder {
  readonly #aid: XlsAid;
  readonly #rows = new Map<number, RawRow>();
  readonly #merged: { from: { row: number; column: number }; to: { row: number; column: number } }[] = [];
  readonly #notes = new Map<number, { row: number; column: number }>();
  readonly #boxes: { id: number; isNote: boolean; text: string }[] = [];
  readonly #drawn: string[] = [];
  readonly #margins: string[] = [];
  #cells = 0;
  #box = { id: 0, isNote: false };
  /** The cell whose formula gives a text, which the next record holds. */
  #awaiting: { row: number; column: number; style: number } | null = null;

  constructor(aid: XlsAid) {
    this.#aid = aid;
  }

  take(type: number, parts: readonly Buffer[], depth: number): void {
    const bytes = parts[0]!;
    if (type === 0x100d) {
      const text = this.#aid.isOld ? oldText(bytes, 2, 1, this.#aid.codePage) : new XlsText(parts, 2).read(1);
      if (text.trim() !== "") this.#drawn.push(text.trim());
      return;
    }
    // What is inside another sheet is a chart, whose figures stand in cells as well.
    if (depth > 1) return;
    if (type === 0xfd) this.#add(bytes, "s", String(bytes.readUInt32LE(6)));
    else if (type === 0x204 || type === 0xd6) this.#add(bytes, "str", this.#label(parts));
    else if (type === 0x203) this.#add(bytes, "n", String(bytes.readDoubleLE(6)));
    else if (type === 0x27e) this.#add(bytes, "n", String(rkNumber(bytes.readInt32LE(6))));
    else if (type === 0xbd) this.#many(bytes);
    else if (type === 0x06 || type === 0x206 || type === 0x406) this.#formula(bytes);
    else if (type === 0x207) this.#result(parts);
    else if (type === 0x205) this.#add(bytes, bytes[7] === 0 ? "b" : "str", boolOrError(bytes[6]!, bytes[7] !== 0));
    else if (type === 0xe5) this.#merge(bytes);
    else if (type === 0x1c) this.#note(bytes);
    else if (type === 0x5d) this.#box = { id: bytes.readUInt16LE(6), isNote: bytes.readUInt16LE(4) === NOTE_BOX };
    else if (type === 0x1b6) this.#boxText(parts);
    else if ((type === 0x14 || type === 0x15) && bytes.length > 0) this.#margins.push(this.#margin(parts));
  }

  end(): Omit<XlsSheet, "isCut" | "broken"> {
    const comments = this.#boxes
      .filter(({ isNote, text }) => isNote && text !== "")
      .flatMap(({ id, text }) => {
        const place = this.#notes.get(id);
        return place ? [{ ...place, text }] : [];
      });
    const boxes = this.#boxes.filter(({ isNote, text }) => !isNote && text !== "").map(({ text }) => text);
    const rows = [...this.#rows.values()].sort((a, b) => a.row - b.row);
    return { rows, merged: this.#merged, comments, drawn: [...boxes, ...new Set(this.#drawn)], margins: this.#margins };
  }

  #add(bytes: Buffer, type: string, value: string): void {
    this.#cell(bytes.readUInt16LE(0), bytes.readUInt16LE(2), { type, style: bytes.readUInt16LE(4), value });
  }

  #cell(row: number, column: number, { type, style, value }: Omit<RawCell, "column">): void {
    if (value === "") return;
    if ((this.#cells += 1) > MAX_CELLS) throw tooMany(this.#aid.name);
    const open = this.#rows.get(row) ?? { row, cells: [] };
    this.#rows.set(row, open);
    open.cells.push({ column, type, style, value });
  }

  #label(parts: readonly Buffer[]): string {
    return this.#aid.isOld ? oldText(parts[0]!, 6, 2, this.#aid.codePage) : new XlsText(parts, 6).read(2);
  }

  #margin(parts: readonly Buffer[]): string {
    return this.#aid.isOld ? oldText(parts[0]!, 0, 1, this.#aid.codePage) : new XlsText(parts, 0).read(2);
  }

  /** A run of numbers in neighbouring columns. */
  #many(bytes: Buffer): void {
    const [row, first] = [bytes.readUInt16LE(0), bytes.readUInt16LE(2)];
    for (let at = 4, column = first; at + 8 <= bytes.length; at += 6, column += 1) {
      const value = String(rkNumber(bytes.readInt32LE(at + 2)));
      this.#cell(row, column, { type: "n", style: bytes.readUInt16LE(at), value });
    }
  }

  /** What was last worked out: a number, or by its two last bytes something else. */
  #formula(bytes: Buffer): void {
    if (bytes.readUInt16LE(12) !== 0xffff) return this.#add(bytes, "n", String(bytes.readDoubleLE(6)));
    const kind = bytes[6];
    if (kind === 1 || kind === 2) this.#add(bytes, kind === 1 ? "b" : "str", boolOrError(bytes[8]!, kind === 2));
    const place = { row: bytes.readUInt16LE(0), column: bytes.readUInt16LE(2), style: bytes.readUInt16LE(4) };
    this.#awaiting = kind === 0 ? place : null;
  }

  #result(parts: readonly Buffer[]): void {
    const place = this.#awaiting;
    this.#awaiting = null;
    if (!place) return;
    const value = this.#aid.isOld ? oldText(parts[0]!, 0, 2, this.#aid.codePage) : new XlsText(parts).read(2);
    this.#cell(place.row, place.column, { type: "str", style: place.style, value });
  }

  #merge(bytes: Buffer): void {
    const count = bytes.readUInt16LE(0);
    for (let index = 0; index < count && 2 + index * 8 + 8 <= bytes.length; index += 1) {
      const [row, lastRow, column, lastColumn] = [0, 2, 4, 6].map((offset) =>
        bytes.readUInt16LE(2 + index * 8 + offset),
      );
      this.#merged.push({ from: { row: row!, column: column! }, to: { row: lastRow!, column: lastColumn! } });
    }
  }

  #note(bytes: Buffer): void {
    const place = { row: bytes.readUInt16LE(0), column: bytes.readUInt16LE(2) };
    if (!this.#aid.isOld) {
      this.#notes.set(bytes.readUInt16LE(6), place);
      return;
    }
    // Before 97 the text stands in the record itself.
    const text = oldText(bytes, 4, 2, this.#aid.codePage).trim();
    const id = -1 - this.#notes.size;
    this.#notes.set(id, place);
    this.#boxes.push({ id, isNote: true, text });
  }

  /** The letters are in the record that goes on this one. */
  #boxText(parts: readonly Buffer[]): void {
    const length = parts[0]!.readUInt16LE(10);
    const letters = parts.slice(1);
    if (length === 0 || letters.length === 0 || letters[0]!.length === 0) return;
    const text = new XlsText(letters, 1).letters(length, (letters[0]![0]! & 1) === 1);
    this.#boxes.push({ ...this.#box, text: text.replace(/\r\n?/g, "\n").trim() });
  }
}

/** A number in 30 bits: an integer or the upper part of a fraction, perhaps times a hundred. */
function rkNumber(value: number): number {
  const isHundredth = (value & 1) === 1;
  let number: number;
  if (value & 2) number = value >> 2;
  else {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32LE(value & ~3, 4);
    number = bytes.readDoubleLE(0);
  }
  return isHundredth ? number / 100 : number;
}

function boolOrError(value: number, isError: boolean): string {
  return isError ? (ERRORS[value] ?? "#ERROR") : value === 0 ? "false" : "true";
}
