import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "@jest/globals";
import sharp from "sharp";
import { parseImage } from "../../src/pipelines/documents/parsers/image.js";
import { FIXTURES } from "./fixture-files.js";

/** Text and warnings of a picture, by the recogniser that ships with Headway: no program is on the PATH. */
async function read(bytes: Uint8Array): Promise<{ text: string; codes: string[] }> {
  const codes: string[] = [];
  const before = process.env.PATH;
  process.env.PATH = "";
  try {
    const { blocks } = await parseImage(bytes, "scan.png", {
      mediaType: "image/png",
      ocr: true,
      menus: false,
      warn: (code) => void codes.push(code),
      progress: () => undefined,
      parseInner: async () => null,
    });
    return { text: blocks.map((block) => ("text" in block ? block.text : "")).join("\n"), codes };
  } finally {
    process.env.PATH = before;
  }
}

test.each([0, 90, 180, 270])("a scan that lies turned by %d degrees is read as if it lay upright", async (degrees) => {
  const letter = await readFile(path.join(FIXTURES, "documents", "letter.png"));
  const { text, codes } = await read(await sharp(letter).rotate(degrees).png().toBuffer());
  expect(text).toContain((await read(letter)).text.slice(0, 40));
  expect(codes).toEqual([]);
});
