import { textInCodePage } from "./code-pages.js";

/** A record of a workbook of Excel 97–2003 ([MS-XLS]) or of the versions before it. */
export interface XlsRecord {
  readonly type: number;
  /** Its content, and that of each record which goes on where it ended. */
  readonly parts: readonly Buffer[];
  /** Whether it is longer than what is there. */
  readonly isCut: boolean;
}

const CONTINUE = 0x3c;

/** The records from a place on, in their order; those that go on another are with it. Ends where the bytes do. */
export function* recordsFrom(bytes: Buffer, start: number): Generator<XlsRecord> {
  let open: { type: number; parts: Buffer[]; isCut: boolean } | null = null;
  for (let at = start; at + 4 <= bytes.length;) {
    const [type, length] = [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)];
    const content = bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    const isCut = content.length < length;
    if (type === CONTINUE && open) {
      open.parts.push(content);
      open.isCut ||= isCut;
    } else {
      if (open) yield open;
      open = { type, parts: [content], isCut };
    }
  }
  if (open) yield open;
}

/** Reads the texts of a record, which may go on in the next part in letters of another width. */
export class XlsText {
  readonly #parts: readonly Buffer[];
  #part = 0;
  #at: number;

  constructor(parts: readonly Buffer[], at = 0) {
    this.#parts = parts;
    this.#at = at;
  }

  get isDone(): boolean {
    this.#next();
    return this.#part >= this.#parts.length;
  }

  /** A text with its number of letters before it, of one byte or two. */
  read(lengthBytes: 1 | 2): string {
    const count = lengthBytes === 1 ? this.#byte() : this.#short();
    const flags = this.#byte();
    const runs = flags & 8 ? this.#short() : 0;
    const extended = flags & 4 ? this.#short() + this.#short() * 0x1_0000 : 0;
    const text = this.letters(count, (flags & 1) === 1);
    this.#skip(runs * 4 + extended);
    return text;
  }

  /** So many letters; each part begins by saying how wide its own are. */
  letters(count: number, isWide: boolean): string {
    let [wide, text] = [isWide, ""];
    while (text.length < count && this.#part < this.#parts.length) {
      const part = this.#parts[this.#part]!;
      const room = Math.floor((part.length - this.#at) / (wide ? 2 : 1));
      const taken = Math.min(count - text.length, room);
      const end = this.#at + taken * (wide ? 2 : 1);
      text += part.toString(wide ? "utf16le" : "latin1", this.#at, end);
      this.#at = end;
      if (text.length >= count) break;
      this.#part += 1;
      this.#at = 0;
      if (this.#part < this.#parts.length) wide = (this.#byte() & 1) === 1;
    }
    return text;
  }

  #next(): void {
    while (this.#part < this.#parts.length && this.#at >= this.#parts[this.#part]!.length) {
      this.#at -= this.#parts[this.#part]!.length;
      this.#part += 1;
    }
  }

  #byte(): number {
    this.#next();
    const byte = this.#parts[this.#part]?.[this.#at] ?? 0;
    this.#at += 1;
    return byte;
  }

  #short(): number {
    return this.#byte() + this.#byte() * 256;
  }

  #skip(bytes: number): void {
    this.#at += bytes;
    this.#next();
  }
}

/** A text of the versions before 97: its length, then bytes of the workbook's code page. */
export function oldText(bytes: Buffer, at: number, lengthBytes: 1 | 2, codePage: number): string {
  const length = lengthBytes === 1 ? bytes.readUInt8(at) : bytes.readUInt16LE(at);
  return textInCodePage(bytes.subarray(at + lengthBytes, at + lengthBytes + length), codePage);
}
