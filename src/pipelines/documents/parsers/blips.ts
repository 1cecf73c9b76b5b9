import type { InnerPicture } from "./pictures.js";

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
/** What stands between a picture and the head of its record: its hash or two, and a byte. */
const GAPS = [17, 33];
const KINDS: ReadonlySet<number> = new Set([0xf01d, 0xf01e, 0xf02a]);
/** How records begin that hold drawings and pictures which nothing here opens: EMF, WMF, PICT, DIB and TIFF, with one hash or two. */
const OTHERS = [
  "403d1af0",
  "503d1af0",
  "60211bf0",
  "70211bf0",
  "20541cf0",
  "30541cf0",
  "807a1ff0",
  "907a1ff0",
  "406e29f0",
  "506e29f0",
];

/** The pictures that Office 97–2003 keeps in its streams, each in a record of its own ([MS-ODRAW]). Of other kinds than PNG and JPEG there is nothing to read. */
export function* picturesIn(...streams: readonly (Buffer | null)[]): Generator<InnerPicture> {
  let found = 0;
  const picture = (read: () => Uint8Array, isDrawing = false): InnerPicture => {
    found += 1;
    return { name: `picture ${found}`, isDrawing, read };
  };
  for (const stream of streams) {
    if (stream === null) continue;
    for (const signature of [PNG, JPEG]) {
      for (const at of placesOf(stream, signature)) {
        const gap = GAPS.find((one) => at >= one + 8 && KINDS.has(stream.readUInt16LE(at - one - 6)));
        if (gap === undefined) continue;
        const length = stream.readUInt32LE(at - gap - 4) - gap;
        if (length > 0 && at + length <= stream.length) yield picture(() => stream.subarray(at, at + length));
      }
    }
    for (const head of OTHERS) {
      for (const at of placesOf(stream, Buffer.from(head, "hex"))) {
        if (at + 8 > stream.length) continue;
        const length = stream.readUInt32LE(at + 4);
        if (length > 0 && at + 8 + length <= stream.length)
          yield picture(() => stream.subarray(at + 8, at + 8 + length), true);
      }
    }
  }
}

function* placesOf(stream: Buffer, wanted: Buffer): Generator<number> {
  for (let at = stream.indexOf(wanted); at >= 0; at = stream.indexOf(wanted, at + 1)) yield at;
}
