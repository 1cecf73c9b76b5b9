import { analyse } from "chardet";
import iconv from "iconv-lite";

export interface DecodedText {
  readonly text: string;
  /** The encoding it was read as, such as "UTF-8" or "windows-1252". */
  readonly encoding: string;
  /** Whether the encoding is the likeliest of several and no more. */
  readonly isGuessed: boolean;
  /** Bytes, or runs of them, that were no character and stand as U+FFFD. */
  readonly badBytes: number;
}

/** Enough for the detector to tell languages apart, without reading a large file twice. */
const SAMPLE_BYTES = 200_000;
/** Of what the detector says of itself, 0 to 100; below, the encoding is a guess. */
const MIN_CONFIDENCE = 60;
/** UTF-8 with more bad sequences than this share of its valid ones is some other encoding. */
const MAX_BAD_SHARE = 0.2;

/**
 * Bytes as text, by the first of these that tells: a byte order mark; UTF-16 or UTF-32 by its shape; what the document
 * declares, where the bytes are that; valid UTF-8; UTF-8 with a few bad bytes; a detector. Never throws.
 */
export function decodeText(bytes: Uint8Array, declared?: string | null): DecodedText {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const marked = markOf(buffer);
  if (marked) return certain(buffer.subarray(marked.length), marked.encoding);
  const wide = wideWithoutMark(buffer);
  if (wide) return certain(buffer, wide);
  const named = declared ? knownEncoding(declared) : null;
  const { multiByte, ...utf8 } = decodeUtf8(buffer);
  if (utf8.badBytes === 0 && !(named && isEscaped(named))) return { ...utf8, encoding: "UTF-8", isGuessed: false };
  if (named && named !== "UTF-8") return certain(buffer, named);
  if (named === "UTF-8" || utf8.badBytes <= multiByte * MAX_BAD_SHARE) {
    return { ...utf8, encoding: "UTF-8", isGuessed: false };
  }
  return detected(buffer);
}

/** The name by which an encoding is known here; null for one that is not, or that no text of bytes can be in. */
function knownEncoding(declared: string): string | null {
  const name = declared.trim().toLowerCase();
  if (!iconv.encodingExists(name)) return null;
  // What declares itself in letters of one byte each is not UTF-16, whatever it says.
  if (/^(utf-?(8|16|32)|ucs-?[24]|unicode)/.test(name)) return "UTF-8";
  // The web reads these as their supersets (WHATWG Encoding Standard, labels).
  if (/^(iso-?8859-?1|latin-?1|us-?ascii|ascii)$/.test(name)) return "windows-1252";
  if (/^(gb2312|gb_2312-80|gbk|x-gbk)$/.test(name)) return "GB18030";
  if (/^(iso-?8859-?9|latin-?5)$/.test(name)) return "windows-1254";
  return declared.trim();
}

/** Encodings of seven bits: their bytes are valid UTF-8 as well, and mean something else. */
function isEscaped(name: string): boolean {
  return /^(iso-2022|utf-7|hz)/i.test(name);
}

function markOf(buffer: Buffer): { readonly encoding: string; readonly length: number } | null {
  const head = buffer.subarray(0, 4).toString("latin1");
  if (head.startsWith("\xef\xbb\xbf")) return { encoding: "UTF-8", length: 3 };
  if (head === "\xff\xfe\0\0" && buffer.length % 4 === 0) return { encoding: "UTF-32LE", length: 4 };
  if (head === "\0\0\xfe\xff") return { encoding: "UTF-32BE", length: 4 };
  if (head.startsWith("\xff\xfe")) return { encoding: "UTF-16LE", length: 2 };
  if (head.startsWith("\xfe\xff")) return { encoding: "UTF-16BE", length: 2 };
  return null;
}

/** UTF-32 shows by the zero that begins or ends every character, UTF-16 by code units that are letters of few scripts. */
function wideWithoutMark(buffer: Buffer): string | null {
  const sample = buffer.subarray(0, Math.min(buffer.length, 4_000) & ~3);
  if (sample.length >= 8 && buffer.length % 4 === 0) {
    const all = sample.length / 4;
    let [little, big] = [0, 0];
    for (let at = 0; at < sample.length; at += 4) {
      if (sample.readUInt16LE(at + 2) <= 1 && isCommonLetter(sample.readUInt16LE(at))) little += 1;
      if (sample.readUInt16BE(at) <= 1 && isCommonLetter(sample.readUInt16BE(at + 2))) big += 1;
    }
    if (little > all * 0.95) return "UTF-32LE";
    if (big > all * 0.95) return "UTF-32BE";
  }
  return utf16WithoutMark(buffer);
}

/** Letters of scripts that have one; line ends and blanks are what every text has, and bytes in disorder have not. */
function utf16WithoutMark(buffer: Buffer): "UTF-16LE" | "UTF-16BE" | null {
  const sample = buffer.subarray(0, Math.min(buffer.length, 4_000) & ~1);
  if (sample.length < 4 || buffer.length % 2 === 1) return null;
  const [little, big] = [unitsOf(sample, 0), unitsOf(sample, 1)];
  const [one, other] = little.score >= big.score ? [little, big] : [big, little];
  const name = one === little ? "UTF-16LE" : "UTF-16BE";
  if (one.latin > 0.7 && other.latin < 0.1) return name;
  // Without a mark and without Latin letters: all units must be characters, and blanks or line ends be among them.
  const isText = one.score > 0.98 && one.spaces > 0 && other.score < one.score - 0.1 && !isValidUtf8(sample);
  return isText ? name : null;
}

function unitsOf(sample: Buffer, first: 0 | 1): { latin: number; score: number; spaces: number } {
  let [latin, good, spaces] = [0, 0, 0];
  for (let at = 0; at < sample.length; at += 2) {
    const unit = first === 0 ? sample.readUInt16LE(at) : sample.readUInt16BE(at);
    if ((unit >= 0x20 && unit < 0x100) || unit === 0x0a || unit === 0x0d || unit === 0x09) latin += 1;
    if (unit === 0x20 || unit === 0x0a || unit === 0x3000 || unit === 0x3002) spaces += 1;
    if (isCommonLetter(unit)) good += 1;
  }
  const all = sample.length / 2;
  return { latin: latin / all, score: good / all, spaces };
}

/** Latin to Thai, and Chinese, Japanese and Korean with their punctuation; no controls, private or unassigned planes. */
function isCommonLetter(unit: number): boolean {
  return (
    unit === 0x09 ||
    unit === 0x0a ||
    unit === 0x0d ||
    (unit >= 0x20 && unit < 0x7f) ||
    (unit >= 0xa0 && unit < 0x0e80) ||
    (unit >= 0x2010 && unit < 0x2040) ||
    (unit >= 0x3000 && unit < 0x3100) ||
    (unit >= 0x4e00 && unit < 0x9fff) ||
    (unit >= 0xac00 && unit < 0xd7a4) ||
    (unit >= 0xff00 && unit < 0xffef)
  );
}

function isValidUtf8(buffer: Buffer): boolean {
  // The sample may end in the middle of a character.
  return decodeUtf8(buffer.subarray(0, Math.max(0, buffer.length - 4))).badBytes <= 1;
}

function decodeUtf8(buffer: Buffer): { text: string; badBytes: number; multiByte: number } {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(buffer);
  const replaced = text.match(/\uFFFD/g)?.length ?? 0;
  // A document may hold the replacement character itself.
  const own = replaced === 0 ? 0 : countOf(buffer, Buffer.from([0xef, 0xbf, 0xbd]));
  const multiByte = replaced === 0 ? 0 : (text.match(/[^\u0000-\u007f\uFFFD]/g)?.length ?? 0);
  return { text, badBytes: Math.max(0, replaced - own), multiByte };
}

function countOf(buffer: Buffer, part: Buffer): number {
  let count = 0;
  for (let at = buffer.indexOf(part); at >= 0; at = buffer.indexOf(part, at + part.length)) count += 1;
  return count;
}

function detected(buffer: Buffer): DecodedText {
  const [best, second] = analyse(buffer.subarray(0, SAMPLE_BYTES)).filter(
    ({ name }) => !/^(utf|ascii)/i.test(name) && iconv.encodingExists(name),
  );
  if (!best) return { ...certain(buffer, "windows-1252"), isGuessed: true };
  // A superset of Latin-1, and what such files are in practice.
  const encoding = best.name === "ISO-8859-1" ? "windows-1252" : best.name;
  const isClose = second !== undefined && second.confidence >= best.confidence - 5 && !areAlike(best.name, second.name);
  return { ...certain(buffer, encoding), isGuessed: best.confidence < MIN_CONFIDENCE || isClose };
}

/** Latin-1 and windows-1252 differ in marks that Latin-1 has not. */
function areAlike(one: string, other: string): boolean {
  return [one, other].every((name) => /^(iso-8859-1|windows-1252)$/i.test(name));
}

function certain(buffer: Buffer, encoding: string): DecodedText {
  const text = iconv.decode(buffer, encoding);
  return { text, encoding, isGuessed: false, badBytes: text.match(/\uFFFD/g)?.length ?? 0 };
}

/** How the document itself says it is encoded: an XML declaration, or a meta element of HTML. Null where it does not. */
export function declaredEncoding(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.subarray(0, 16_384)).toString("latin1");
  const xml = /^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?\bencoding\s*=\s*["']([\w.:-]{2,40})["']/i.exec(head);
  if (xml) return xml[1]!;
  for (const [tag] of head.matchAll(/<meta\b[^>]{0,500}>/gi)) {
    const charset = /\bcharset\s*=\s*["']?\s*([\w.:-]{2,40})/i.exec(tag);
    if (charset) return charset[1]!;
  }
  return null;
}
