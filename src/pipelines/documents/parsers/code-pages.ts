import iconv from "iconv-lite";
import type { ParseAid } from "./parsed.js";

const UTF16 = 1_200;
const UTF8 = 65_001;
/** The pages of old Macintoshes, which have numbers of their own. */
const MACINTOSH: Readonly<Record<number, string>> = {
  10000: "macroman",
  10001: "shiftjis",
  10006: "macgreek",
  10007: "maccyrillic",
  10029: "maccenteuro",
  10081: "macturkish",
};
/** Of pages that Windows numbers and others name. */
const NAMED: Readonly<Record<number, string>> = {
  20127: "cp1252",
  20866: "koi8-r",
  20932: "eucjp",
  20936: "gb18030",
  21866: "koi8-u",
  28591: "cp1252",
  51932: "eucjp",
  51936: "gb18030",
  51949: "euckr",
  54936: "gb18030",
};
/** Seven bits and escapes, which the library does not know and Node does. */
const ISO_2022_JP: ReadonlySet<number> = new Set([50_220, 50_221, 50_222]);
/** Where nothing else is known. */
const STANDARD = "cp1252";
const WESTERN = 1_252;

/** The name of the encoding of a code page; null where it is read by no library here. */
export function encodingOfPage(codePage: number): string | null {
  if (codePage === UTF16) return "utf16le";
  if (codePage === UTF8) return "utf8";
  if (ISO_2022_JP.has(codePage)) return "iso-2022-jp";
  const name =
    MACINTOSH[codePage] ??
    NAMED[codePage] ??
    (codePage > 28_591 && codePage <= 28_606 ? `iso-8859-${codePage - 28_590}` : `cp${codePage}`);
  return iconv.encodingExists(name) ? name : null;
}

/** Bytes of a code page as text; of one that is not known as if they were Western. */
export function textInCodePage(bytes: Uint8Array, codePage: number): string {
  const name = encodingOfPage(codePage) ?? STANDARD;
  return name === "iso-2022-jp" ? new TextDecoder(name).decode(bytes) : iconv.decode(Buffer.from(bytes), name);
}

/** Reads letters of a code page, and remembers which pages text stands in that are not known. */
export class PageLetters {
  codePage: number;
  readonly unknown = new Set<number>();

  constructor(codePage = WESTERN) {
    this.codePage = codePage;
  }

  text(bytes: Uint8Array): string {
    // Below 128 all pages say the same.
    if (encodingOfPage(this.codePage) === null && bytes.some((byte) => byte >= 128)) this.unknown.add(this.codePage);
    return textInCodePage(bytes, this.codePage);
  }
}

/** Leaves a warning where a document's code page is not known, so that letters are likely wrong. */
export function warnOfPage(codePage: number, name: string, aid: Pick<ParseAid, "warn">): void {
  if (encodingOfPage(codePage) !== null) return;
  aid.warn(
    "ENCODING_GUESSED",
    `${name} is written in code page ${codePage}, which is not known, and was read as ${STANDARD}; save it as Unicode if letters are wrong.`,
  );
}
