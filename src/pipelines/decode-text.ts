import chardet from "chardet";
import iconv from "iconv-lite";

export interface DecodedText {
  readonly text: string;
  /** The encoding it was read as, such as "UTF-8" or "windows-1252". */
  readonly encoding: string;
}

/** Enough for the detector to tell languages apart, without reading a large file twice. */
const SAMPLE_BYTES = 200_000;

/** Bytes as text: a byte order mark decides, else valid UTF-8, else what a detector takes them for. Never throws. */
export function decodeText(bytes: Uint8Array): DecodedText {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf) return decoded(buffer.subarray(3), "UTF-8");
  if (buffer[0] === 0xff && buffer[1] === 0xfe) return decoded(buffer.subarray(2), "UTF-16LE");
  if (buffer[0] === 0xfe && buffer[1] === 0xff) return decoded(buffer.subarray(2), "UTF-16BE");
  const utf16 = withoutMark(buffer);
  if (utf16) return decoded(buffer, utf16);
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(buffer), encoding: "UTF-8" };
  } catch {
    const guess = chardet.detect(buffer.subarray(0, SAMPLE_BYTES));
    // A superset of Latin-1, and what such files are in practice (WHATWG Encoding Standard, labels).
    const encoding =
      guess === null || guess === "ISO-8859-1" || guess === "UTF-8" || !iconv.encodingExists(guess)
        ? "windows-1252"
        : guess;
    return decoded(buffer, encoding);
  }
}

/** UTF-16 without a byte order mark shows as zero bytes in every other place. */
function withoutMark(buffer: Buffer): "UTF-16LE" | "UTF-16BE" | null {
  const sample = buffer.subarray(0, 1_000);
  if (sample.length < 4 || sample.length % 2 === 1) return null;
  let even = 0;
  let odd = 0;
  for (const [index, byte] of sample.entries()) {
    if (byte !== 0) continue;
    if (index % 2 === 0) even += 1;
    else odd += 1;
  }
  const half = sample.length / 2;
  if (odd > half * 0.7 && even < half * 0.1) return "UTF-16LE";
  return even > half * 0.7 && odd < half * 0.1 ? "UTF-16BE" : null;
}

function decoded(buffer: Buffer, encoding: string): DecodedText {
  return { text: iconv.decode(buffer, encoding), encoding };
}
