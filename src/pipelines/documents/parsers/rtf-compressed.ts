import { crc32 } from "node:zlib";
import { PermanentError } from "../../../errors.js";

/** What every rich text begins like, which compressed ones refer back to ([MS-OXRTFCP]). */
const COMMON = Buffer.from(
  "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx",
  "latin1",
);
const COMPRESSED = 0x75465a4c;
const PLAIN = 0x414c454d;
const WINDOW = 4_096;
const MAX_BYTES = 100_000_000;

/** The rich text of a mail as Outlook packs it, and whether it is shorter than it says, or not what it was. @throws {PermanentError} MALFORMED_DOCUMENT, RESOURCE_LIMIT */
export function expandRtf(bytes: Buffer): { readonly rtf: string; readonly isCut: boolean } {
  if (bytes.length < 16)
    throw new PermanentError("MALFORMED_DOCUMENT", "Its rich text breaks off; send an intact copy.");
  const [rawSize, kind] = [bytes.readUInt32LE(4), bytes.readUInt32LE(8)];
  if (kind === PLAIN) return { rtf: bytes.toString("latin1", 16, 16 + rawSize), isCut: 16 + rawSize > bytes.length };
  if (kind !== COMPRESSED) {
    throw new PermanentError("MALFORMED_DOCUMENT", "Its rich text is packed in no known way; send an intact copy.");
  }
  if (rawSize > MAX_BYTES) {
    throw new PermanentError("RESOURCE_LIMIT", `Its rich text has ${rawSize} bytes; the limit is ${MAX_BYTES}.`);
  }
  // Each reference is two bytes and at most seventeen of text.
  const out = Buffer.alloc(Math.min(rawSize, bytes.length * 9));
  const window = Buffer.alloc(WINDOW);
  const isDamaged = !agrees(bytes);
  COMMON.copy(window);
  let [write, length, at] = [COMMON.length, 0, 16];
  const expanded = (): { rtf: string; isCut: boolean } => {
    return { rtf: out.toString("latin1", 0, Math.min(length, out.length)), isCut: length < rawSize || isDamaged };
  };
  const put = (byte: number): void => {
    window[write] = byte;
    write = (write + 1) % WINDOW;
    if (length < out.length) out[length] = byte;
    length += 1;
  };
  while (at < bytes.length && length < out.length) {
    const flags = bytes[at]!;
    at += 1;
    for (let bit = 0; bit < 8 && at < bytes.length; bit += 1) {
      if ((flags & (1 << bit)) === 0) {
        put(bytes[at]!);
        at += 1;
        continue;
      }
      if (at + 2 > bytes.length) break;
      const reference = bytes.readUInt16BE(at);
      at += 2;
      const offset = reference >> 4;
      if (offset === write) return expanded();
      for (let index = 0; index < (reference & 0xf) + 2; index += 1) put(window[(offset + index) % WINDOW]!);
    }
  }
  return expanded();
}

/** Whether what is packed is what its sum, where there is one, was made of. */
function agrees(bytes: Buffer): boolean {
  const [size, sum] = [bytes.readUInt32LE(0), bytes.readUInt32LE(12)];
  // Without the turning over of bits at begin and end that others do.
  const own = (crc32(bytes.subarray(16, 4 + size), 0xffff_ffff) ^ 0xffff_ffff) >>> 0;
  return sum === 0 || sum === own;
}
