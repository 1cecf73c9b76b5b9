import iconv from "iconv-lite";
import type { ParseAid } from "./parsed.js";

/** Labels in headers, encoded words and pages, also in quoted-printable; a mail that names more is no mail. */
const LABEL = /\bcharset\s*=(?:3D(?=["'\w]))?\s*["']?([\w.:+-]{1,60})|=\?([\w.:+-]{1,60})\?[bq]\?/gi;
const MAX_LABELS = 1_000;
/** Where quoted-printable parts a line, which may be within the name; a header's line goes on behind a blank. */
const SOFT_BREAK = /=\r?\n(?=\S)/g;
/** These have no letters that another encoding could have otherwise. */
const PLAIN: ReadonlySet<string> = new Set(["us-ascii", "ascii", "ansi_x3.4-1968"]);
const TEXT_PART = /^content-type:\s*text\/[^\n]*(?:\n[ \t][^\n]*)*/gim;

/**
 * How to put right what the reader of mails took for Western, knowing no better: a function over its texts. Where a mail
 * mixes encodings, or names one that nothing here knows, they stand, and a warning says so.
 */
export function recoded(bytes: Uint8Array, name: string, aid: Pick<ParseAid, "warn">): (text: string) => string {
  const mail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const found = [...mail.replace(SOFT_BREAK, "").matchAll(LABEL)]
    .slice(0, MAX_LABELS)
    .map((one) => (one[1] ?? one[2]!).toLowerCase());
  const labels = new Set(found);
  const strange = [...labels].filter((label) => !isKnown(label));
  if (strange.length === 0) return (text) => text;
  let isTold = false;
  const asItIs = (text: string): string => {
    if (!isTold) {
      aid.warn(
        "ENCODING_GUESSED",
        `${name} names the encoding ${strange.slice(0, 5).join(", ")}, of which some letters were read as Western; send it in UTF-8 if letters are wrong.`,
      );
    }
    isTold = true;
    return text;
  };
  const [label] = strange;
  const isMixed =
    strange.length > 1 ||
    [...labels].some((one) => isKnown(one) && !PLAIN.has(one)) ||
    [...mail.matchAll(TEXT_PART)].slice(0, MAX_LABELS).some(([head]) => !/\bcharset\b/i.test(head));
  if (isMixed || !iconv.encodingExists(label!)) return asItIs;
  return (text) => {
    const western = westernBytes(text);
    return western === null ? asItIs(text) : iconv.decode(western, label!);
  };
}

/** Labels that the reader of mails takes beside those of browsers, without prefixes and signs. */
const ALIAS =
  /^(?:iso88598[ie]|shiftjis|windows31j|mskanji|eucjp|iso2022jp[12]?|junet|euckr|uhc|tis620|(?:cp|windows|ms|ibm)(?:932|936|949|950|874|51932|5022[012]))$/;

/** Whether the reader of mails knows it, as that asks: by the label, and then by what is left of it without decorations. */
function isKnown(label: string): boolean {
  const bare = label.replace(/^(?:x-ms-|x-|cs)/, "").replace(/[\s._-]+/g, "");
  return ALIAS.test(bare) || [label, bare].some((one) => isOfBrowsers(one));
}

function isOfBrowsers(label: string): boolean {
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
}

let bytesOf: Map<string, number> | null = null;

/** The bytes that a text in windows-1252 was read from; null where a letter shows that it was read otherwise. */
function westernBytes(text: string): Buffer | null {
  if (bytesOf === null) {
    const western = new TextDecoder("windows-1252");
    bytesOf = new Map(Array.from({ length: 256 }, (_, byte) => [western.decode(Uint8Array.of(byte)), byte]));
  }
  const bytes = Buffer.alloc(text.length);
  for (let at = 0; at < text.length; at += 1) {
    const byte = bytesOf.get(text[at]!);
    if (byte === undefined) return null;
    bytes[at] = byte;
  }
  return bytes;
}
