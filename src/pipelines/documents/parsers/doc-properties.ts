import { plcOf, type DocFile } from "./doc-file.js";
import type { CellShape } from "./text-flow.js";

/** How a paragraph is set. */
export interface DocParagraph {
  /** The number of its style. */
  readonly style: number;
  readonly isInTable: boolean;
  readonly isRowEnd: boolean;
  readonly isInnerCell: boolean;
  readonly isInnerRowEnd: boolean;
  readonly depth: number;
  /** The number of its list; 0 where it is in none. */
  readonly list: number;
  readonly level: number;
  /** 0 to 8; 9 is text; null where its style says. */
  readonly outline: number | null;
  readonly cells: readonly CellShape[];
  readonly isHead: boolean;
}

/** How letters are set. */
export interface DocLetters {
  /** Hidden, or deleted while changes were tracked. */
  readonly isUnseen: boolean;
  /** Of a font of pictures, in place of the letter that stands there; null where it is a letter. */
  readonly symbol: number | null;
  /** The number of the font of letters, or of that of the sign; null where the style says. */
  readonly font: number | null;
  /** Where among the data the form field is that stands there; null where none does. */
  readonly data: number | null;
}

const PAGE = 512;
const TEXT: DocParagraph = {
  style: 0,
  isInTable: false,
  isRowEnd: false,
  isInnerCell: false,
  isInnerRowEnd: false,
  depth: 0,
  list: 0,
  level: 0,
  outline: null,
  cells: [],
  isHead: false,
};
const SEEN: DocLetters = { isUnseen: false, symbol: null, font: null, data: null };

/** Runs of the file with what is set of them, found by their place in the file. */
export class DocRuns<T> {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #values: T[] = [];
  readonly #none: T;

  constructor(none: T) {
    this.#none = none;
  }

  add(start: number, end: number, value: T): void {
    this.#starts.push(start);
    this.#ends.push(end);
    this.#values.push(value);
  }

  /** What is set at that place, and where the run ends. */
  at(place: number): { readonly value: T; readonly end: number } {
    let [low, high] = [0, this.#starts.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! > place) high = middle - 1;
      else if (this.#ends[middle]! <= place) low = middle + 1;
      else return { value: this.#values[middle]!, end: this.#ends[middle]! };
    }
    return { value: this.#none, end: this.#starts[low] ?? Infinity };
  }
}

/** `data` is the stream of what is too long for a page of properties, such as rows of many columns. */
export function paragraphRuns({ main, structure }: DocFile, data: Buffer): DocRuns<DocParagraph> {
  const runs = new DocRuns(TEXT);
  for (const page of pagesOf(main, structure(0x102))) {
    const count = page[PAGE - 1]!;
    for (let index = 0; index < count && (index + 2) * 4 + index * 13 < PAGE; index += 1) {
      const at = page[(count + 1) * 4 + index * 13]! * 2;
      const half = page[at] ?? 0;
      const [begin, length] = half === 0 ? [at + 2, (page[at + 1] ?? 0) * 2] : [at + 1, half * 2 - 1];
      const bytes = at === 0 ? Buffer.alloc(0) : page.subarray(begin, begin + length);
      runs.add(page.readUInt32LE(index * 4), page.readUInt32LE(index * 4 + 4), paragraphOf(bytes, data));
    }
  }
  return runs;
}

export function letterRuns({ main, structure }: DocFile): DocRuns<DocLetters> {
  const runs = new DocRuns(SEEN);
  for (const page of pagesOf(main, structure(0xfa))) {
    const count = page[PAGE - 1]!;
    for (let index = 0; index < count && (index + 2) * 4 + index < PAGE; index += 1) {
      const at = page[(count + 1) * 4 + index]! * 2;
      const bytes = at === 0 ? Buffer.alloc(0) : page.subarray(at + 1, at + 1 + (page[at] ?? 0));
      runs.add(page.readUInt32LE(index * 4), page.readUInt32LE(index * 4 + 4), lettersOf(bytes));
    }
  }
  return runs;
}

/** Whether pages of properties were overwritten by nothing: what is a heading, a cell or a note is not known there. */
export function hasBlankPages({ main, structure }: DocFile): boolean {
  return [0x102, 0xfa].some((list) => pagesOf(main, structure(list)).some((page) => page[PAGE - 1] === 0));
}

function pagesOf(main: Buffer, list: Buffer): Buffer[] {
  return plcOf(list, 4)
    .records.map((record) => record.readUInt32LE(0) * PAGE)
    .filter((at) => at + PAGE <= main.length)
    .map((at) => main.subarray(at, at + PAGE));
}

/** The changes that a list of properties makes, with their operands. */
function* changesIn(bytes: Buffer): Generator<readonly [code: number, operand: Buffer]> {
  for (let at = 0; at + 2 < bytes.length;) {
    const code = bytes.readUInt16LE(at);
    at += 2;
    const size = [1, 1, 2, 4, 2, 2, -1, 3][code >> 13]!;
    let [begin, length] = [at, size];
    if (size < 0) {
      // Of variable length; of one the length has two bytes and counts one more than there are.
      const isLong = code === 0xd608;
      if (isLong && at + 2 > bytes.length) return;
      length = isLong ? bytes.readUInt16LE(at) - 1 : bytes[at]!;
      begin = at + (isLong ? 2 : 1);
    }
    if (length < 0) return;
    yield [code, bytes.subarray(begin, begin + length)];
    at = begin + length;
  }
}

function paragraphOf(bytes: Buffer, data: Buffer): DocParagraph {
  if (bytes.length < 2) return TEXT;
  const found: { -readonly [K in keyof DocParagraph]: DocParagraph[K] } = { ...TEXT, style: bytes.readUInt16LE(0) };
  for (const [code, operand] of allChangesIn(bytes.subarray(2), data)) {
    if (operand.length === 0) continue;
    const isOn = operand[0] !== 0;
    if (code === 0x2416) found.isInTable = isOn;
    else if (code === 0x2417) found.isRowEnd = isOn;
    else if (code === 0x244b) found.isInnerCell = isOn;
    else if (code === 0x244c) found.isInnerRowEnd = isOn;
    else if (code === 0x260a) found.level = Math.min(8, operand[0]!);
    else if (code === 0x2640) found.outline = operand[0]!;
    else if (code === 0x3404) found.isHead = isOn;
    else if (code === 0x460b && operand.length >= 2) found.list = operand.readUInt16LE(0);
    else if (code === 0x6649 && operand.length >= 4) found.depth = Math.min(20, operand.readUInt32LE(0));
    else if (code === 0xd608) found.cells = cellsOf(operand);
  }
  return found;
}

/**
 * The changes of a paragraph; for one that only says where others are, those, their length standing before them. A paragraph
 * has one such: a file with more is made to cost time.
 */
function* allChangesIn(bytes: Buffer, data: Buffer): Generator<readonly [number, Buffer]> {
  let isFollowed = false;
  for (const [code, operand] of changesIn(bytes)) {
    if ((code !== 0x6645 && code !== 0x6646) || operand.length < 4) yield [code, operand];
    else if (!isFollowed) {
      isFollowed = true;
      const at = operand.readUInt32LE(0);
      if (at + 2 <= data.length) yield* changesIn(data.subarray(at + 2, at + 2 + data.readUInt16LE(at)));
    }
  }
}

/** The edges of a row's cells, then of each cell what it goes on from. */
function cellsOf(bytes: Buffer): CellShape[] {
  const count = Math.min(bytes[0] ?? 0, 64);
  const first = 1 + (count + 1) * 2;
  if (bytes.length < first) return [];
  return Array.from({ length: count }, (_, index): CellShape => {
    const at = first + index * 20;
    const flags = at + 2 <= bytes.length ? bytes.readUInt16LE(at) : 0;
    const isMergedDown = (flags & 0x20) !== 0 && (flags & 0x40) === 0;
    // Edges count from the margin, which a table may stand out over.
    const edge = bytes.readInt16LE(1 + (index + 1) * 2) - bytes.readInt16LE(1);
    return { fromLeft: (flags & 3) === 2, fromAbove: isMergedDown, edge };
  });
}

function lettersOf(bytes: Buffer): DocLetters {
  let isUnseen = false;
  let [symbol, font, data]: (number | null)[] = [null, null, null];
  for (const [code, operand] of changesIn(bytes)) {
    if (code === 0x083c || code === 0x0800) isUnseen ||= operand[0] === 1;
    else if (code === 0x6a09 && operand.length >= 4)
      [font, symbol] = [operand.readUInt16LE(0), operand.readUInt16LE(2)];
    else if (code === 0x4a4f && operand.length >= 2 && symbol === null) font = operand.readUInt16LE(0);
    else if (code === 0x6a03 && operand.length >= 4) data = operand.readUInt32LE(0);
  }
  const isPlain = !isUnseen && symbol === null && font === null && data === null;
  return isPlain ? SEEN : { isUnseen, symbol: symbol ?? null, font: font ?? null, data: data ?? null };
}

/** The names of the fonts by their numbers. */
export function fontNamesOf({ structure }: DocFile): readonly string[] {
  const bytes = structure(0x112);
  const names: string[] = [];
  for (let at = 4; at + 42 <= bytes.length;) {
    const end = at + 1 + bytes[at]!;
    names.push(bytes.toString("utf16le", at + 40, Math.max(at + 40, end)).split("\0", 1)[0]!);
    at = end;
  }
  return names;
}

/** By the number of a style its level as a heading, from 1. */
export function headingsOf({ structure }: DocFile): ReadonlyMap<number, number> {
  const bytes = structure(0xa2);
  if (bytes.length < 4) return new Map();
  const count = bytes.readUInt16LE(2);
  const own: { level: number | null; base: number }[] = [];
  for (let at = 2 + bytes.readUInt16LE(0), index = 0; index < count && at + 2 <= bytes.length; index += 1) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + 6 > bytes.length) own.push({ level: null, base: 0xfff });
    else {
      const kind = bytes.readUInt16LE(at + 2) & 0xfff;
      const level = kind >= 1 && kind <= 9 ? Math.min(6, kind) : kind === TITLE ? 1 : null;
      own.push({ level, base: bytes.readUInt16LE(at + 4) >> 4 });
    }
    at += 2 + length + (length % 2);
  }
  const found = new Map<number, number>();
  for (const [style] of own.entries()) {
    for (let at = style, steps = 0; steps < 12 && own[at]; at = own[at]!.base, steps += 1) {
      const { level } = own[at]!;
      if (level === null) continue;
      found.set(style, level);
      break;
    }
  }
  return found;
}

const TITLE = 62;
