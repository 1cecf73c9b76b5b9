import type { InnerPicture } from "./pictures.js";

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
/** What stands between a picture and the head of its record: its hash or two, and a byte. */
const GAPS = [17, 33];
const KINDS: ReadonlySet<number> = new Set([0xf01d, 0xf01e, 0xf02a]);
const MAX_PICTURES = 1_000;

/** The PNG and JPEG pictures that Office 97–2003 keeps in a stream, each in a record of its own ([MS-ODRAW]). */
export function picturesIn(stream: Buffer | null): InnerPicture[] {
  if (stream === null) return [];
  const found: InnerPicture[] = [];
  for (const signature of [PNG, JPEG]) {
    for (let at = stream.indexOf(signature); at >= 0; at = stream.indexOf(signature, at + 1)) {
      const gap = GAPS.find((one) => at >= one + 8 && KINDS.has(stream.readUInt16LE(at - one - 6)));
      if (gap === undefined) continue;
      const length = stream.readUInt32LE(at - gap - 4) - gap;
      if (length <= 0 || at + length > stream.length || found.length >= MAX_PICTURES) continue;
      const picture = stream.subarray(at, at + length);
      found.push({ name: `picture ${found.length + 1}`, read: () => picture });
    }
  }
  return found;
}
