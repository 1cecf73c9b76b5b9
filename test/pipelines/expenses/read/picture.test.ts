import { readFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { readReceipt } from "../reading.js";
import { FIXTURES } from "../session.js";

test("a receipt that was photographed lying on its side is read as if it stood", async () => {
  const standing = readFileSync(path.join(FIXTURES, "till.png"));
  const lying = await sharp(standing).rotate(90).png().toBuffer();
  expect(await readReceipt("till.png", lying)).toMatchObject({
    amountMinor: 1822,
    date: "2026-01-08",
    source: "picture",
  });
}, 120_000);
