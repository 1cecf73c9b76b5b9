import { isAscii } from "node:buffer";
import { declaredEncoding } from "../../decode-text.js";
import { BOUNDARY, MAX_BOUNDARIES } from "./mail-parts.js";
import { readText, type ParseAid } from "./parsed.js";

/** What programs write into every mail, whatever its letters are; others are taken at their word. */
const SAYS_LITTLE = /^(?:us-ascii|ascii|ansi_x3\.4-1968|utf-?8|iso-?8859-?1|latin-?1|windows-1252|cp1252)$/i;
const IS_ASCII = /ascii|ansi_x3/i;
/** Without what stands between its lines, as one field of a header. */
const TYPE = /^content-type[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*/im;
const DISPOSITION = /^content-disposition[ \t]*:\s*attachment\b/im;
const TRANSFER = /^content-transfer-encoding[ \t]*:\s*"?([\w-]+)[^\n]*(?:\n[ \t][^\n]*)*\n?/im;

/**
 * The mail with those of its texts in UTF-8 that are not what they say, or say nothing of how they are encoded: they are read
 * as a file is. The reader of mails takes what is unsaid for UTF-8, and letters in US-ASCII for Western, without a word.
 */
export function withTextsDecoded(bytes: Uint8Array, name: string, aid: ParseAid): Uint8Array {
  const mail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  let isChanged = false;
  const whole = piecesOf(mail).map(({ piece, isPart }) => {
    const decoded = isPart ? decodedPiece(piece, name, aid) : null;
    isChanged ||= decoded !== null;
    return decoded ?? piece;
  });
  return isChanged ? Buffer.from(whole.join(""), "latin1") : bytes;
}

/** The header with what follows it, the lines that begin and end parts, the parts, and what stands behind them. */
function piecesOf(mail: string): { piece: string; isPart: boolean }[] {
  const boundaries = [...mail.matchAll(BOUNDARY)].slice(0, MAX_BOUNDARIES).map((one) => one[1] ?? one[2]!);
  /** Where pieces begin, and whether they are parts. */
  const places = new Map<number, boolean>([[0, true]]);
  for (const boundary of new Set(boundaries)) {
    const mark = `\n--${boundary}`;
    for (let at = mail.indexOf(mark); at >= 0; at = mail.indexOf(mark, at + mark.length)) {
      const lineEnd = mail.indexOf("\n", at + mark.length);
      const rest = mail.slice(at + mark.length, lineEnd < 0 ? mail.length : lineEnd).trim();
      if (rest !== "" && rest !== "--") continue;
      places.set(at + 1, false);
      if (lineEnd >= 0) places.set(lineEnd + 1, rest === "");
    }
  }
  const cuts = [...places].sort(([a], [b]) => a - b);
  return cuts.map(([from, isPart], index) => ({ piece: mail.slice(from, cuts[index + 1]?.[0]), isPart }));
}

/** A part that is text and was read another way than its header says; null for any other. */
function decodedPiece(piece: string, name: string, aid: ParseAid): string | null {
  const gap = /^\r?\n|\r?\n\r?\n/.exec(piece);
  if (!gap) return null;
  const [head, body] = [piece.slice(0, gap.index), piece.slice(gap.index + gap[0].length)];
  const type = TYPE.exec(head)?.[0] ?? "Content-Type: text/plain";
  const isText = /^content-type[ \t]*:\s*text\/(plain|html|calendar)\b/i.exec(type);
  if (!isText || DISPOSITION.test(head)) return null;
  const label = /\bcharset\s*=\s*["']?([^\s;"']+)/i.exec(type)?.[1];
  if (label !== undefined && !SAYS_LITTLE.test(label)) return null;
  const content = contentOf(body, TRANSFER.exec(head)?.[1]?.toLowerCase() ?? "");
  if (content === null || isAscii(content)) return null;
  const isSaid = label !== undefined && !IS_ASCII.test(label);
  const declared = isSaid ? label : isText[1]!.toLowerCase() === "html" ? declaredEncoding(content) : null;
  const { text, encoding } = readText(content, `The text of ${name}`, aid, declared);
  if (isSaid && encoding.toLowerCase().replace(/\W/g, "") === label.toLowerCase().replace(/\W/g, "")) return null;
  return withContent(head, type, text);
}

/** The bytes of a part; null for a way of sending them that is read elsewhere. */
function contentOf(body: string, transfer: string): Buffer | null {
  if (transfer === "base64") return Buffer.from(body, "base64");
  if (transfer === "quoted-printable") {
    const letters = body
      .replace(/[ \t]+(?=\r?\n)/g, "")
      .replace(/=\r?\n/g, "")
      .replace(/=([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
    return Buffer.from(letters, "latin1");
  }
  return /^(?:|[78]bit|binary)$/.test(transfer) ? Buffer.from(body, "latin1") : null;
}

function withContent(head: string, type: string, text: string): string {
  const field = `${type.replace(/;?\s*\bcharset\s*=\s*(?:"[^"]*"|[^\s;]*)/gi, "").trimEnd()}; charset=utf-8`;
  const rest = `${head.trimEnd()}\r\n`
    .replace(TYPE, "")
    .replace(TRANSFER, "")
    .replace(/(?:\r?\n)+/g, "\r\n")
    .trim();
  const lines = Buffer.from(text).toString("base64").replace(/.{76}/g, "$&\r\n");
  const fields = [...(rest === "" ? [] : [rest]), field, "Content-Transfer-Encoding: base64"];
  return `${fields.join("\r\n")}\r\n\r\n${lines}\r\n`;
}
