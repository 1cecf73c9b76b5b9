/** The letters of the font "Symbol", from A to z with what stands between them. */
const GREEK = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ";
/** What else of the fonts "Symbol" and "Wingdings" stands in running text. */
const SIGNS: Readonly<Record<number, string>> = {
  0x6e: "▪",
  0x6f: "☐",
  0x71: "☐",
  0x78: "☒",
  0xa3: "≤",
  0xa5: "∞",
  0xa7: "▪",
  0xa8: "☐",
  0xab: "↔",
  0xac: "←",
  0xad: "↑",
  0xae: "→",
  0xaf: "↓",
  0xb0: "°",
  0xb1: "±",
  0xb3: "≥",
  0xb4: "×",
  0xb5: "∝",
  0xb7: "•",
  0xb8: "÷",
  0xb9: "≠",
  0xba: "≡",
  0xbb: "≈",
  0xbc: "…",
  0xd6: "√",
  0xd8: "➢",
  0xde: "⇒",
  0xe5: "∑",
  0xe8: "➔",
  0xf0: "⇨",
  0xf2: "∫",
  0xfb: "☒",
  0xfc: "✓",
  0xfd: "☒",
  0xfe: "☑",
};

/** What a code of a font of pictures shows; such codes are bytes, or bytes from U+F000 on. "•" for a sign that is not known. */
export function symbolOf(code: number, font: string): string {
  const byte = code & 0xff;
  if (/^symbol/i.test(font)) {
    const letter = GREEK[byte - 0x41];
    if (letter !== undefined) return letter;
    if (byte < 0x80) return String.fromCharCode(byte);
  }
  return SIGNS[byte] ?? (byte <= 0x20 ? " " : "•");
}

/** Whether letters of the font are pictures. */
export function isSymbolFont(name: string): boolean {
  return /^(symbol|wingdings|webdings|zapf ?dingbats|marlett|monotype sorts)/i.test(name);
}
