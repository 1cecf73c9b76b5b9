import { symbolOf } from "./symbol-fonts.js";

/** A field of rich text: what it is made of, and what is filled in where it belongs to a form. */
export interface RtfField {
  instruction: string;
  /** Of a form: 0 text, 1 a box, 2 a list. */
  kind: number;
  result: number | null;
  preset: number;
  /** Of a list; the last one is being read. */
  readonly entries: string[];
  hasResult: boolean;
}

const CHECK_BOX = 1;
const DROP_DOWN = 2;
/** The result of a field that was never touched. */
const UNTOUCHED = 25;

export function newField(): RtfField {
  return { instruction: "", kind: 0, result: null, preset: 0, entries: [""], hasResult: false };
}

/** What a box or a list of a form shows; empty of any other field, whose result stands in the text. */
export function formText({ kind, result, preset, entries }: RtfField): string {
  const value = result === null || result === UNTOUCHED ? preset : result;
  if (kind === CHECK_BOX) return value === 1 ? "☒" : "☐";
  return kind === DROP_DOWN ? (entries[value] ?? "").trim() : "";
}

/** What a field shows whose result nobody wrote down: a sign of a font. */
export function fieldText({ instruction, hasResult }: RtfField): string {
  const found = hasResult ? null : /^\s*SYMBOL\s+(0x[0-9a-f]+|\d+)(.*)$/is.exec(instruction);
  if (!found) return "";
  const code = Number(found[1]);
  const font = /\\f\s+(?:"([^"]*)"|(\S+))/i.exec(found[2]!);
  if (/\\u\b/i.test(found[2]!)) return String.fromCodePoint(Math.min(code, 0xffff));
  return font ? symbolOf(code, font[1] ?? font[2] ?? "") : String.fromCharCode(code & 0xff);
}

/** The number of a page says nothing where there are no pages; how many there are is said in the text, and not in margins. */
export function isPageNumber({ instruction }: RtfField, isMargin: boolean): boolean {
  return isMargin ? /^\s*(PAGE|NUMPAGES|SECTIONPAGES)\b/i.test(instruction) : /^\s*PAGE\b/i.test(instruction);
}
