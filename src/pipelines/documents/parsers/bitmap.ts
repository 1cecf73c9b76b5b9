import sharp from "sharp";
import { PermanentError } from "../../../errors.js";
import { MAX_PIXELS, parseImage, tooLarge } from "./image.js";
import type { ParseAid, Parsed } from "./parsed.js";

const UNCOMPRESSED = 0;
const BIT_FIELDS = 3;

/** A Windows bitmap (bmp), read as the same picture in PNG. */
export async function parseBitmap(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { width, height, pixels, dpi } = pixelsOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), name);
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .withDensity(dpi)
    .png({ compressionLevel: 1 })
    .toBuffer();
  return parseImage(png, name, aid);
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly dpi: number;
  /** Red, green, blue; rows from above. */
  readonly pixels: Buffer;
}

/** The pixels of a bitmap. @throws {PermanentError} MALFORMED_DOCUMENT, RESOURCE_LIMIT, UNSUPPORTED_TYPE */
export function pixelsOf(bytes: Buffer, name: string): Pixels {
  const broken = (why: string): PermanentError =>
    new PermanentError("MALFORMED_DOCUMENT", `${name} is not a valid bitmap (${why}); send an intact copy.`);
  if (bytes.length < 26 || bytes.toString("latin1", 0, 2) !== "BM") throw broken("its head is too short");
  const [begin, headSize] = [bytes.readUInt32LE(10), bytes.readUInt32LE(14)];
  const isOld = headSize === 12;
  if (!isOld && (headSize < 40 || bytes.length < 14 + headSize)) throw broken(`its head has ${headSize} bytes`);
  const width = isOld ? bytes.readUInt16LE(18) : bytes.readInt32LE(18);
  const signedHeight = isOld ? bytes.readUInt16LE(20) : bytes.readInt32LE(22);
  const bits = bytes.readUInt16LE(isOld ? 24 : 28);
  const compression = isOld ? UNCOMPRESSED : bytes.readUInt32LE(30);
  const height = Math.abs(signedHeight);
  if (width <= 0 || height === 0 || ![1, 4, 8, 16, 24, 32].includes(bits)) {
    throw broken(`${width} × ${height} pixels of ${bits} bits`);
  }
  // Refused before anything is made of it.
  if (width * height > MAX_PIXELS) throw tooLarge(name, `${width} × ${height}`);
  if (compression !== UNCOMPRESSED && compression !== BIT_FIELDS) {
    throw new PermanentError("UNSUPPORTED_TYPE", `${name} is a compressed bitmap, which is not read; save it as PNG.`);
  }
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (begin + rowBytes * height > bytes.length) throw broken("it breaks off");
  const colours = paletteOf(bytes, isOld, headSize, begin, bits);
  const masks = bits === 16 ? masksOf(bytes, compression) : null;
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    const row = begin + rowBytes * (signedHeight > 0 ? height - 1 - y : y);
    for (let x = 0; x < width; x += 1) {
      const to = (y * width + x) * 3;
      if (bits <= 8) {
        const byte = bytes[row + Math.floor((x * bits) / 8)]!;
        const index = (byte >> (8 - bits - ((x * bits) % 8))) & ((1 << bits) - 1);
        colours.copy(pixels, to, index * 3, index * 3 + 3);
      } else if (masks) {
        const value = bytes.readUInt16LE(row + x * 2);
        for (const [channel, mask] of masks.entries()) pixels[to + channel] = shareOf(value, mask);
      } else {
        const from = row + (x * bits) / 8;
        pixels[to] = bytes[from + 2]!;
        pixels[to + 1] = bytes[from + 1]!;
        pixels[to + 2] = bytes[from]!;
      }
    }
  }
  const perMetre = isOld ? 0 : bytes.readInt32LE(38);
  const dpi = Math.round(perMetre * 0.0254);
  return { width, height, pixels, dpi: dpi >= 30 && dpi <= 2_400 ? dpi : 72 };
}

/** Red, green, blue of each colour; black where the file names fewer. */
function paletteOf(bytes: Buffer, isOld: boolean, headSize: number, begin: number, bits: number): Buffer {
  const colours = Buffer.alloc(256 * 3);
  if (bits > 8) return colours;
  const [from, size] = [14 + headSize, isOld ? 3 : 4];
  for (let index = 0; index < 1 << bits && from + (index + 1) * size <= Math.min(begin, bytes.length); index += 1) {
    const at = from + index * size;
    colours.set([bytes[at + 2]!, bytes[at + 1]!, bytes[at]!], index * 3);
  }
  return colours;
}

function masksOf(bytes: Buffer, compression: number): readonly number[] {
  if (compression !== BIT_FIELDS || bytes.length < 66) return [0x7c00, 0x03e0, 0x001f];
  return [bytes.readUInt32LE(54), bytes.readUInt32LE(58), bytes.readUInt32LE(62)];
}

/** The bits under the mask, as a share of 255. */
function shareOf(value: number, mask: number): number {
  if (mask === 0) return 0;
  const lowest = mask & -mask;
  return Math.round((((value & mask) >>> 0) / lowest / (mask / lowest)) * 255);
}
