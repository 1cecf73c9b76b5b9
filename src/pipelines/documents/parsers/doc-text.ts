import { PermanentError } from "../../../errors.js";
import type { Block } from "../blocks/block.js";
import { textInCodePage } from "./code-pages.js";
import type { DocFile } from "./doc-file.js";
import { formFieldText } from "./doc-forms.js";
import {
  fontNamesOf,
  headingsOf,
  letterRuns,
  paragraphRuns,
  type DocLetters,
  type DocParagraph,
  type DocRuns,
} from "./doc-properties.js";
import { symbolOf, withSymbols } from "./symbol-fonts.js";
import { TextFlow } from "./text-flow.js";

/** Letters that stand one behind the other in the file. */
interface DocPiece {
  readonly start: number;
  readonly end: number;
  readonly at: number;
  readonly isWide: boolean;
}

const MAX_LETTERS = 20_000_000;
const LETTERS_OF: Readonly<Record<string, string>> = {
  "\t": "\t",
  "\u000b": "\n",
  "\u001e": "-",
  "\u001f": "",
  "\u00a0": " ",
};

/** What ends a paragraph: its end, that of a cell, of a page, of a column. */
const ENDS: ReadonlySet<string> = new Set(["\r", "\u0007", "\f", "\u000e"]);

/** Fields that have begun, one in the other, and how many of them are at what they are made of. */
class OpenFields {
  readonly #open: boolean[] = [];
  #instructions = 0;

  get isInstruction(): boolean {
    return this.#instructions > 0;
  }

  open(): void {
    this.#open.push(true);
    this.#instructions += 1;
  }

  result(): void {
    if (this.#open.at(-1) === true) this.#instructions -= 1;
    if (this.#open.length > 0) this.#open[this.#open.length - 1] = false;
  }

  close(): void {
    if (this.#open.pop() === true) this.#instructions -= 1;
  }
}

/** The character at a note's or a comment's place in the text. */
export type MarkOf = (kind: "note" | "comment", place: number) => string;

/** The texts of a document by their places, put together of the pieces in which they were saved. */
export class DocText {
  readonly #main: Buffer;
  readonly #pieces: readonly DocPiece[];
  readonly #paragraphs: DocRuns<DocParagraph>;
  readonly #letters: DocRuns<DocLetters>;
  readonly #headings: ReadonlyMap<number, number>;
  readonly #fonts: readonly string[];
  readonly #data: Buffer;
  #taken = 0;
  /** Letters that the document says it has and that lie nowhere in it. */
  lost = 0;

  constructor(file: DocFile, data: Buffer) {
    this.#main = file.main;
    this.#data = data;
    this.#pieces = piecesOf(file.structure(0x1a2));
    this.#paragraphs = paragraphRuns(file, data);
    this.#letters = letterRuns(file);
    this.#headings = headingsOf(file);
    this.#fonts = fontNamesOf(file);
  }

  /** @throws {PermanentError} RESOURCE_LIMIT */
  blocks(from: number, to: number, markOf: MarkOf = () => ""): Block[] {
    const flow = new TextFlow();
    const fields = new OpenFields();
    let reached = from;
    for (let index = this.#firstPiece(from); index < this.#pieces.length; index += 1) {
      const { start, end, at, isWide } = this.#pieces[index]!;
      if (start >= to) break;
      const width = isWide ? 2 : 1;
      let place = Math.max(from, start);
      const last = Math.min(to, end);
      this.lost += place - reached;
      reached = last;
      while (place < last) {
        const offset = at + (place - start) * width;
        const { value, end: runEnd } = this.#letters.at(offset);
        const until = Math.min(last, Math.max(place + 1, start + Math.ceil((runEnd - at) / width)));
        const text = this.#decoded(offset, until - place, isWide);
        this.lost += until - place - text.length + blanksIn(text);
        for (let one = 0; one < text.length; one += 1) {
          const spot = { place: place + one, offset: offset + one * width };
          this.#take(text[one]!, { flow, fields, value, markOf, ...spot });
        }
        place = until;
      }
    }
    this.lost += Math.max(0, to - reached);
    return flow.end();
  }

  /** The number of the first piece that ends behind the place: they stand in order. */
  #firstPiece(place: number): number {
    let [low, high] = [0, this.#pieces.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#pieces[middle]!.end <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #decoded(offset: number, count: number, isWide: boolean): string {
    if ((this.#taken += count) > MAX_LETTERS) {
      throw new PermanentError(
        "RESOURCE_LIMIT",
        `The document holds more than ${MAX_LETTERS} letters, which is the limit. Split it.`,
      );
    }
    if (isWide) return this.#main.toString("utf16le", offset, offset + count * 2);
    return textInCodePage(this.#main.subarray(offset, offset + count), 1_252);
  }

  #take(
    letter: string,
    at: {
      flow: TextFlow;
      fields: OpenFields;
      value: DocLetters;
      place: number;
      offset: number;
      markOf: MarkOf;
    },
  ): void {
    const { flow, fields, value } = at;
    if (letter === "\u0013") fields.open();
    else if (letter === "\u0014") fields.result();
    else if (letter === "\u0015") fields.close();
    else if (letter === "\u0001" && fields.isInstruction && value.data !== null) {
      if (!value.isUnseen) flow.text(formFieldText(this.#data, value.data) ?? "");
    } else if (ENDS.has(letter)) this.#endParagraph(letter, flow, at.offset);
    // What a field is made of is no text, what comes of it is.
    else if (fields.isInstruction || value.isUnseen) return;
    else if (value.symbol !== null) flow.text(symbolOf(value.symbol, this.#fontOf(value)));
    else if (letter === "\u0002") flow.text(at.markOf("note", at.place));
    else if (letter === "\u0005") flow.text(at.markOf("comment", at.place));
    else if (letter >= " ") flow.text(LETTERS_OF[letter] ?? withSymbols(letter, this.#fontOf(value)));
    else flow.text(LETTERS_OF[letter] ?? "");
  }

  #fontOf({ font }: DocLetters): string {
    return font === null ? "" : (this.#fonts[font] ?? "");
  }

  #endParagraph(letter: string, flow: TextFlow, offset: number): void {
    const set = this.#paragraphs.at(offset).value;
    const depth = set.isInTable || set.depth > 0 ? Math.max(1, set.depth) : 0;
    const outline =
      set.outline === null ? (this.#headings.get(set.style) ?? null) : set.outline < 9 ? set.outline + 1 : null;
    const paragraph = { depth, heading: outline === null ? null : Math.min(6, outline), level: set.level };
    if (set.list > 0 && paragraph.heading === null) flow.marker("-");
    if (depth > 0 && (set.isRowEnd || set.isInnerRowEnd)) {
      flow.shapeRow(set.cells, set.isHead, depth);
      flow.endRow(depth);
    } else if (depth > 0 && (letter === "\u0007" || set.isInnerCell)) flow.endCell(paragraph);
    else flow.endParagraph(paragraph);
  }
}

/** Letters in stretches of nothing, which Word does not write. */
function blanksIn(text: string): number {
  return (text.match(/\0{8,}/g) ?? []).join("").length;
}

/** Saved whole, a document has one piece or a few; saved quickly, one for each change. */
function piecesOf(bytes: Buffer): DocPiece[] {
  let at = 0;
  while (at + 3 < bytes.length && bytes[at] === 1) at += 3 + bytes.readUInt16LE(at + 1);
  if (at + 5 > bytes.length || bytes[at] !== 2) return [];
  const list = bytes.subarray(at + 5, at + 5 + bytes.readUInt32LE(at + 1));
  const count = Math.floor((list.length - 4) / 12);
  const pieces: DocPiece[] = [];
  let last = 0;
  for (let index = 0; index < count; index += 1) {
    const [start, end] = [list.readUInt32LE(index * 4), list.readUInt32LE(index * 4 + 4)];
    const place = list.readUInt32LE((count + 1) * 4 + index * 8 + 2);
    const isWide = (place & 0x4000_0000) === 0;
    if (end <= start || start < last) continue;
    last = end;
    pieces.push({ start, end, at: isWide ? place : (place & 0x3fff_ffff) / 2, isWide });
  }
  return pieces;
}
