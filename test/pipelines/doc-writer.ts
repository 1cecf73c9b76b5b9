import { compoundFile } from "./compound-writer.js";

/** A run of letters and the properties that hold of them ([MS-DOC] sprms). */
export interface DocRun {
  readonly text: string;
  readonly letters?: Buffer;
}
export interface DocParts {
  readonly runs: readonly DocRun[];
  /** Properties of the only paragraph, behind the number of its style. */
  readonly paragraph?: Buffer;
  readonly fonts?: readonly string[];
  readonly data?: Buffer;
  /** How many letters are said to be in the boxes of headers, the last of the text. */
  readonly headerBoxes?: number;
  /** How many letters are said to follow, and don't. */
  readonly missing?: number;
}

const TEXT_AT = 0x400;
const PAGE = 512;

/** An old Word document of one paragraph or a few that are set alike; each run is a piece of its own, by turns of two bytes a letter and of one. */
export function docFile({ runs, paragraph, fonts = [], data, headerBoxes = 0, missing = 0 }: DocParts): Buffer {
  const length = runs.reduce((sum, { text }) => sum + text.length, 0);
  const pieces: Buffer[] = [];
  const places: { from: number; to: number; start: number; isWide: boolean; letters: Buffer }[] = [];
  let [at, start] = [TEXT_AT, 0];
  for (const [index, { text, letters = Buffer.alloc(0) }] of runs.entries()) {
    const isWide = index % 2 === 0;
    const bytes = Buffer.from(text, isWide ? "utf16le" : "latin1");
    places.push({ from: at, to: at + bytes.length, start, isWide, letters });
    pieces.push(bytes);
    at += bytes.length;
    start += text.length;
  }
  const firstPage = Math.ceil(at / PAGE);
  const main = Buffer.alloc((firstPage + 2) * PAGE);
  main.writeUInt16LE(0xa5ec, 0);
  main.writeUInt16LE(193, 2);
  main.writeUInt16LE(0x0200, 10);
  main.writeInt32LE(length - headerBoxes + missing, 0x4c);
  main.writeInt32LE(headerBoxes, 0x68);
  Buffer.concat(pieces).copy(main, TEXT_AT);
  lettersPage(places).copy(main, firstPage * PAGE);
  paragraphPage(TEXT_AT, at, paragraph ?? Buffer.alloc(0)).copy(main, (firstPage + 1) * PAGE);
  const table: Buffer[] = [];
  let tableAt = 0;
  const structure = (offset: number, bytes: Buffer): void => {
    main.writeUInt32LE(tableAt, offset);
    main.writeUInt32LE(bytes.length, offset + 4);
    table.push(bytes);
    tableAt += bytes.length;
  };
  structure(0x1a2, pieceTable(places, length));
  structure(0xfa, numbers(TEXT_AT, at, firstPage));
  structure(0x102, numbers(TEXT_AT, at, firstPage + 1));
  structure(0x112, fontTable(fonts));
  return compoundFile({ WordDocument: main, "1Table": Buffer.concat(table), ...(data ? { Data: data } : {}) });
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}

function pieceTable(places: readonly { from: number; start: number; isWide: boolean }[], length: number): Buffer {
  const starts = numbers(...places.map(({ start }) => start), length);
  const records = places.map(({ from, isWide }) => {
    const record = Buffer.alloc(8);
    record.writeUInt32LE(isWide ? from : (from * 2) | 0x4000_0000, 2);
    return record;
  });
  const list = Buffer.concat([starts, ...records]);
  return Buffer.concat([Buffer.from([2]), numbers(list.length), list]);
}

function lettersPage(places: readonly { from: number; to: number; letters: Buffer }[]): Buffer {
  const page = Buffer.alloc(PAGE);
  numbers(...places.map(({ from }) => from), places.at(-1)!.to).copy(page);
  let at = PAGE - 2;
  for (const [index, { letters }] of places.entries()) {
    if (letters.length === 0) continue;
    at = (at - letters.length - 1) & ~1;
    page[at] = letters.length;
    letters.copy(page, at + 1);
    page[(places.length + 1) * 4 + index] = at / 2;
  }
  page[PAGE - 1] = places.length;
  return page;
}

function paragraphPage(from: number, to: number, properties: Buffer): Buffer {
  const page = Buffer.alloc(PAGE);
  numbers(from, to).copy(page);
  const at = 256;
  page[8] = at / 2;
  // The number of half words, then the number of the style.
  page[at + 1] = Math.ceil((properties.length + 2) / 2);
  properties.copy(page, at + 4);
  page[PAGE - 1] = 1;
  return page;
}

function fontTable(names: readonly string[]): Buffer {
  const fonts = names.map((name) => {
    const font = Buffer.alloc(40 + name.length * 2 + 2);
    font[0] = font.length - 1;
    font.write(name, 40, "utf16le");
    return font;
  });
  const head = Buffer.alloc(4);
  head.writeUInt16LE(names.length, 0);
  return Buffer.concat([head, ...fonts]);
}

/** A property of letters or paragraphs with its operand. */
export function sprm(code: number, ...operand: readonly number[]): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16LE(code);
  return Buffer.concat([head, Buffer.from(operand)]);
}
