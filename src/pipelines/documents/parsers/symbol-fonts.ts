/** The font "Symbol" from U+0020 and from U+00A0 on; "•" where it has a letter that Unicode has not. */
const SYMBOL_LOW = " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼";
const SYMBOL_HIGH = "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪•〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭";
/** Of fonts of pictures what stands in running text: boxes, ticks, bullets, arrows, figures in circles. */
const WINGDINGS: Readonly<Record<number, string>> = {
  ...row(0x28, "☎✆✉"),
  ...row(0x45, "☜☞☝☟"),
  0x4a: "☺",
  0x4c: "☹",
  ...row(0x6c, "●❍■☐☐☐☐⬧⧫◆❖"),
  0x78: "☒",
  ...row(0x80, "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿"),
  ...row(0x9e, "·•"),
  ...row(0xa1, "○◯"),
  ...row(0xa7, "▪☐"),
  0xab: "★",
  0xd8: "➢",
  ...row(0xdf, "←→↑↓↖↗↙↘⬅➔⬆⬇"),
  ...row(0xef, "⇦⇨⇧⇩"),
  ...row(0xfb, "☒✓☒☑"),
};
const WINGDINGS_2: Readonly<Record<number, string>> = {
  ...row(0x4f, "✗✓☒☑☒☒"),
  ...row(0x97, "●●"),
  ...row(0xa2, "▪☐☐"),
};
const WEBDINGS: Readonly<Record<number, string>> = { 0x61: "✓", 0x63: "☐", 0x67: "■", 0x6e: "●", 0x72: "✗" };
/** Where nothing names the font: signs that one of them has and no other needs. */
const NAMELESS: ReadonlySet<number> = new Set([0x6f, 0x71, 0xa7, 0xa8, 0xd8, 0xe0, 0xe8, 0xf0, 0xfb, 0xfc, 0xfd, 0xfe]);

/** What a code of a font of pictures shows; such codes are bytes, or bytes from U+F000 on. "•" for a sign that is not known. */
export function symbolOf(code: number, font: string): string {
  const byte = code & 0xff;
  if (byte <= 0x20) return " ";
  const isSymbol = /^symbol/i.test(font) || (font === "" && !NAMELESS.has(byte));
  if (isSymbol) return (byte < 0xa0 ? SYMBOL_LOW[byte - 0x20] : SYMBOL_HIGH[byte - 0xa0]) ?? "•";
  return signsOf(font, byte)[byte] ?? "•";
}

function signsOf(font: string, byte: number): Readonly<Record<number, string>> {
  if (/^wingdings 2/i.test(font)) return WINGDINGS_2;
  if (/^webdings/i.test(font)) return WEBDINGS;
  // Other fonts of pictures have signs of their own; the usual ones of forms and lists are in most.
  return /^wingdings$/i.test(font) || NAMELESS.has(byte) ? WINGDINGS : {};
}

/** The letters of a text that stand for pictures of its font, from U+F000 to U+F0FF, as what they show. */
export function withSymbols(text: string, font: string): string {
  return text.replace(/[\uf020-\uf0ff]/g, (letter) => symbolOf(letter.charCodeAt(0), font));
}

/** Whether letters of the font are pictures. */
export function isSymbolFont(name: string): boolean {
  return /^(symbol|wingdings|webdings|zapf ?dingbats|marlett|monotype sorts)/i.test(name);
}

function row(first: number, signs: string): Record<number, string> {
  return Object.fromEntries(Array.from(signs, (sign, index) => [first + index, sign]));
}
