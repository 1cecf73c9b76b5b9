/** A piece of rich text: a group opens or closes, a control word or symbol, a byte, or letters as they stand. */
export type RtfToken =
  | { readonly kind: "open" }
  | { readonly kind: "close" }
  | { readonly kind: "word"; readonly word: string; readonly value: number | null }
  | { readonly kind: "symbol"; readonly symbol: string }
  | { readonly kind: "byte"; readonly byte: number }
  | { readonly kind: "text"; readonly text: string };

const WORD = /\\([a-zA-Z]{1,40})(-?\d{1,10})? ?/y;
const TEXT = /[^\\{}\r\n\0]+/y;
const HEX = /\\'([0-9a-fA-F]{2})/y;
const OPEN: RtfToken = { kind: "open" };
const CLOSE: RtfToken = { kind: "close" };

/** The tokens of a file, whose bytes are the letters of `source` one by one. Line ends between them mean nothing. */
export function* rtfTokens(source: string): Generator<RtfToken> {
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found) at = pattern.lastIndex;
    return found;
  };
  while (at < source.length) {
    const letter = source[at]!;
    if (letter === "{" || letter === "}") {
      at += 1;
      yield letter === "{" ? OPEN : CLOSE;
    } else if (letter === "\\") {
      const word = match(WORD);
      const hex = word ? null : match(HEX);
      if (word) {
        const value = word[2] === undefined ? null : Number(word[2]);
        // So many bytes follow as they are, whatever they look like.
        if (word[1] === "bin") at += Math.max(0, value ?? 0);
        else yield { kind: "word", word: word[1]!, value };
      } else if (hex) yield { kind: "byte", byte: parseInt(hex[1]!, 16) };
      else {
        yield { kind: "symbol", symbol: source[at + 1] ?? "" };
        at += 2;
      }
    } else {
      const text = match(TEXT);
      if (text) yield { kind: "text", text: text[0] };
      else at += 1;
    }
  }
}

/** The letter of a number; half a letter where a pair stands for one. Empty where it is none. */
export function codeUnit(code: number): string {
  if (code <= 0 || code > 0x10ffff) return "";
  return code <= 0xffff ? String.fromCharCode(code) : String.fromCodePoint(code);
}
