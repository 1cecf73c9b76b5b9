/**
 * Text as a spreadsheet may have it: what begins like a formula (= + - @, a tab or a line's end, also in full width) gets
 * an apostrophe in front, so that no program runs what a document says. Numbers stay numbers: "-12.50" is none of a
 * formula's. See OWASP, CSV Injection.
 */
export function safeCell(text: string): string {
  if (/^[-+]?\d+(\.\d+)?$/.test(text)) return text;
  return /^[\s\u200b\ufeff]*[=+\-@＝＋－＠\t\r\n|]/u.test(text) ? `'${text}` : text;
}
