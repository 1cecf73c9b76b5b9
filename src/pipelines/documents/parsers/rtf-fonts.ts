import iconv from "iconv-lite";
import { isSymbolFont, symbolOf } from "./symbol-fonts.js";

/** The code pages of the character sets that fonts name. */
const CHARSETS: Readonly<Record<number, string>> = {
  77: "macroman",
  128: "cp932",
  129: "cp949",
  130: "cp949",
  134: "gb18030",
  136: "cp950",
  161: "cp1253",
  162: "cp1254",
  163: "cp1258",
  177: "cp1255",
  178: "cp1256",
  186: "cp1257",
  204: "cp1251",
  222: "cp874",
  238: "cp1250",
  254: "cp437",
};
const MACINTOSH: Readonly<Record<number, string>> = {
  10000: "macroman",
  10001: "shiftjis",
  10006: "macgreek",
  10007: "maccyrillic",
  10029: "maccenteuro",
  10081: "macturkish",
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
  encoding = "cp1252";
  /** The number of the font that text begins with. */
  standard: number | null = null;
  #open: Font | null = null;

  setCodePage(codePage: number): void {
    if (iconv.encodingExists(pageName(codePage))) this.encoding = pageName(codePage);
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
    const named = font?.codePage ? pageName(font.codePage) : font ? CHARSETS[font.charset] : undefined;
    const encoding = named !== undefined && iconv.encodingExists(named) ? named : this.encoding;
    return iconv.decode(Buffer.from(bytes, "latin1"), encoding);
  }

  /** A letter that stands for a picture of the font. */
  symbol(code: number, number: number | null): string {
    return symbolOf(code, this.#fonts.get(number ?? this.standard ?? -1)?.name ?? "");
  }
}

/** The name of a code page; those of old Macintoshes have numbers of their own. */
function pageName(codePage: number): string {
  return MACINTOSH[codePage] ?? (codePage === 65_001 ? "utf8" : `cp${codePage}`);
}

function isSymbol({ charset, name }: Font): boolean {
  return charset === SYMBOL_CHARSET || isSymbolFont(name);
}
