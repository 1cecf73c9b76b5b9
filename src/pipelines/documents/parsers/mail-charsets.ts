import iconv from "iconv-lite";
import type { ParseAid } from "./parsed.js";

/** Labels in headers and in encoded words; a mail that names more is no mail. */
const LABEL = /\bcharset\s*=\s*["']?([\w.:+-]{1,60})|=\?([\w.:+-]{1,60})\?[bq]\?/gi;
const MAX_LABELS = 1_000;
/** Below 128 these say what all others say. */
const PLAIN: ReadonlySet<string> = new Set([
  "us-ascii",
  "ascii",
  "ansi_x3.4-1968",
  "iso-8859-1",
  "windows-1252",
  "latin1",
]);

/**
 * How to put right what the reader of mails took for Western, knowing no better: a function over its texts. Where a mail
 * mixes such encodings, or names one that nothing here knows, they stand, and a warning says so.
 */
export function recoded(bytes: Uint8Array, name: string, aid: Pick<ParseAid, "warn">): (text: string) => string {
  const mail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const found = [...mail.matchAll(LABEL)].slice(0, MAX_LABELS).map((one) => (one[1] ?? one[2]!).toLowerCase());
  const labels = new Set(found);
  const strange = [...labels].filter((label) => !isKnown(label));
  if (strange.length === 0) return (text) => text;
  const [label] = strange;
  const others = [...labels].filter((one) => isKnown(one) && !PLAIN.has(one));
  if (strange.length > 1 || others.length > 0 || !iconv.encodingExists(label!)) {
    aid.warn(
      "ENCODING_GUESSED",
      `${name} names the encoding ${strange.slice(0, 5).join(", ")}, of which some letters were read as Western; send it in UTF-8 if letters are wrong.`,
    );
    return (text) => text;
  }
  return (text) => iconv.decode(westernBytes(text), label!);
}

/** Whether the reader of mails knows it. */
function isKnown(label: string): boolean {
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
}

let bytesOf: Map<string, number> | null = null;

/** The bytes that a text in windows-1252 was read from; its reader takes every byte for some letter. */
function westernBytes(text: string): Buffer {
  if (bytesOf === null) {
    const western = new TextDecoder("windows-1252");
    bytesOf = new Map(Array.from({ length: 256 }, (_, byte) => [western.decode(Uint8Array.of(byte)), byte]));
  }
  const known = bytesOf;
  return Buffer.from([...text].map((letter) => known.get(letter) ?? 0x3f));
}
