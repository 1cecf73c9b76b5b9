import { pixelsOf } from "../../src/pipelines/documents/parsers/bitmap.js";

function bitmap(
  bits: number,
  rows: readonly Buffer[],
  more: { palette?: Buffer; masks?: readonly number[] } = {},
): Buffer {
  const masks = Buffer.alloc((more.masks?.length ?? 0) * 4);
  for (const [index, mask] of (more.masks ?? []).entries()) masks.writeUInt32LE(mask, index * 4);
  const head = Buffer.alloc(54);
  head.write("BM");
  const between = Buffer.concat([masks, more.palette ?? Buffer.alloc(0)]);
  head.writeUInt32LE(54 + between.length, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(2, 18);
  head.writeInt32LE(rows.length, 22);
  head.writeUInt16LE(bits, 28);
  head.writeUInt32LE(more.masks ? 3 : 0, 30);
  return Buffer.concat([head, between, ...rows]);
}

const [RED, GREEN, BLUE, WHITE] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
];
/** Two rows of two pixels, the upper one red and green, the lower one blue and white. */
const PICTURE = [...RED!, ...GREEN!, ...BLUE!, ...WHITE!];
const PALETTE = Buffer.from([0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0]);

test.each([
  ["of four bits", bitmap(4, [Buffer.from([0x23, 0, 0, 0]), Buffer.from([0x01, 0, 0, 0])], { palette: PALETTE })],
  ["of eight bits", bitmap(8, [Buffer.from([2, 3, 0, 0]), Buffer.from([0, 1, 0, 0])], { palette: PALETTE })],
  ["of sixteen bits", bitmap(16, [Buffer.from("1f00ff7f", "hex"), Buffer.from("007ce003", "hex")])],
  [
    "of sixteen bits with masks of its own",
    bitmap(16, [Buffer.from("1f00ffff", "hex"), Buffer.from("00f8e007", "hex")], { masks: [0xf800, 0x07e0, 0x001f] }),
  ],
  ["of twenty-four bits", bitmap(24, [Buffer.from("ff0000ffffff0000", "hex"), Buffer.from("0000ff00ff000000", "hex")])],
  ["of thirty-two bits", bitmap(32, [Buffer.from("ff000000ffffff00", "hex"), Buffer.from("0000ff0000ff0000", "hex")])],
])("a bitmap %s has its rows from above and its colours in order", (_, bytes) => {
  const { width, height, pixels } = pixelsOf(bytes, "a.bmp");
  expect([width, height, [...pixels]]).toEqual([2, 2, PICTURE]);
});

test("a bitmap that breaks off is refused", () => {
  const bytes = bitmap(24, [Buffer.alloc(8), Buffer.alloc(8)]);
  expect(() => pixelsOf(bytes.subarray(0, -1), "a.bmp")).toThrow(/breaks off/);
});
