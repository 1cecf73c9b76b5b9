import { encodingOfPage, textInCodePage } from "./code-pages.js";
import { isSymbolFont, symbolOf } from "./symbol-fonts.js";

/** Korean syllables put together of their letters, which nothing here reads. */
const JOHAB = 1_361;
/** The code pages of the character sets that fonts name. */
const CHARSETS: Readonly<Record<number, number>> = {
  77: 10000,
  128: 932,
  129: 949,
  130: JOHAB,
  134: 54936,
  136: 950,
  161: 1253,
  162: 1254,
  163: 1258,
  177: 1255,
  178: 1256,
  186: 1257,
  204: 1251,
  222: 874,
  238: 1250,
  254: 437,
};
const SYMBOL_CHARSET = 2;

interface Font {
  name: string;
  charset: number;
  codePage: number | null;
}

/** The fonts of a file, by which its bytes are letters. */
export class RtfFonts {
  readonly #fonts = new Map<number, Font>();
  /** Of bytes whose font names no character set. */
  #codePage = 1_252;
  /** Code pages that text stands in and that are not known. */
  readonly unknown = new Set<number>();
  /** The number of the font that text begins with. */
  standard: number | null = null;
  #open: Font | null = null;

  setCodePage(codePage: number): void {
    // 0 says nothing.
    if (codePage > 0) this.#codePage = codePage;
  }

  /** One of the words of the table of fonts. */
  word(word: string, value: number | null): void {
    if (word === "f") {
      this.#open = { name: "", charset: 1, codePage: null };
      this.#fonts.set(value ?? 0, this.#open);
    } else if (word === "fcharset" && this.#open) this.#open.charset = value ?? 1;
    else if (word === "cpg" && this.#open) this.#open.codePage = value;
  }

  name(text: string): void {
    if (this.#open && this.#open.name.length < 100) this.#open.name += text;
  }

  decode(bytes: string, number: number | null): string {
    const font = this.#fonts.get(number ?? this.standard ?? -1);
    if (font && isSymbol(font)) return Array.from(bytes, (one) => symbolOf(one.charCodeAt(0), font.name)).join("");
    if (!/[^ -~\t]/.test(bytes)) return bytes;
    const named = font?.codePage || (font ? CHARSETS[font.charset] : undefined);
    const wanted = named ?? this.#codePage;
    const isKnown = encodingOfPage(wanted) !== null;
    if (!isKnown) this.unknown.add(wanted);
    const codePage = isKnown ? wanted : this.#codePage;
    return textInCodePage(Buffer.from(bytes, "latin1"), codePage);
  }

  /** A letter that stands for a picture of the font. */
  symbol(code: number, number: number | null): string {
    return symbolOf(code, this.#fonts.get(number ?? this.standard ?? -1)?.name ?? "");
  }
}

function isSymbol({ charset, name }: Font): boolean {
  return charset === SYMBOL_CHARSET || isSymbolFont(name);
}
