import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import sharp from "sharp";
import { recognise } from "../../src/pipelines/documents/parsers/ocr.js";
import { parseImage } from "../../src/pipelines/documents/parsers/image.js";

/** A program with English and Russian that takes a wide picture for Russian, a tall one for Thai, a square one for English. */
const TESSERACT = `#!/bin/sh
row() { printf '5\\t1\\t1\\t1\\t%s\\t1\\t0\\t0\\t9\\t9\\t%s\\t%s\\n' "$2" "$1" "$3"; }
size=$(head -c 24 | tail -c 8 | od -An -tu1 | tr -s ' ')
wide=0; tall=0; guess=0; turned=0
set -- "$@" end
case "$size" in *" 1 144 0 0 0 "*) wide=1 ;; *" 0 200 0 0 1 144"*) tall=1 ;;
  *" 0 200 0 0 0 200"*) guess=1 ;; *" 0 200 0 0 1 44"*) turned=1 ;; esac
case "$*" in
  *--list-langs*) printf 'List of available languages (3):\\neng\\nosd\\nrus\\n' ;;
  *"--psm 0"*)
    [ $wide = 1 ] && printf 'Rotate: 0\\nOrientation confidence: 9\\nScript: Cyrillic\\n'
    [ $tall = 1 ] && printf 'Rotate: 0\\nOrientation confidence: 9\\nScript: Thai\\nScript confidence: 3.5\\n'
    [ $guess = 1 ] && printf 'Rotate: 0\\nOrientation confidence: 0\\nScript: Thai\\nScript confidence: 0.2\\n'
    [ $turned = 1 ] && printf 'Rotate: 90\\nOrientation confidence: 9\\nScript: Latin\\nScript confidence: 9\\n'
    true ;;
  *"-l rus"*) row 96 1 Привет; row 95 1 мир; row 20 2 ~~ ;;
  *"-l eng"*) if [ $wide$tall$guess$turned != 0000 ]; then row 45 1 Npunwer; else row 97 1 Hello; fi ;;
esac
`;

let folder: string;
const before = process.env.PATH;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-tesseract-"));
  await writeFile(path.join(folder, "tesseract"), TESSERACT, { mode: 0o755 });
  process.env.PATH = `${folder}:${before}`;
});
afterAll(async () => {
  process.env.PATH = before;
  await rm(folder, { recursive: true });
});

test.each([
  ["in a language that is installed is read in it", [400, 200], "Привет мир", []],
  ["in a script that no installed language covers is told, and no garbage is kept", [200, 400], "", ["SCRIPT_UNREAD"]],
  ["whose script is a guess is kept as read, with a warning", [200, 200], "Npunwer", ["OCR_UNSURE"]],
  ["in English is read at once", [300, 300], "Hello", []],
] as const)("with the program tesseract a picture %s", async (_what, [width, height], text, codes) => {
  const warned: string[] = [];
  const picture = await sharp({ create: { width, height, channels: 3, background: "white" } })
    .withMetadata({ density: 200 })
    .png()
    .toBuffer();
  const { blocks } = await parseImage(picture, "scan.png", {
    mediaType: "image/png",
    ocr: true,
    menus: false,
    warn: (code) => void warned.push(code),
    progress: () => undefined,
    parseInner: async () => null,
  });
  expect(blocks.map((block) => ("text" in block ? block.text : "")).join("\n")).toBe(text);
  expect(warned).toEqual(codes);
});

test("what was read at first stands where a second look fails", async () => {
  // The program takes it for a picture that lies on its side; nothing can turn it.
  const broken = Buffer.alloc(100);
  broken.writeUInt32BE(200, 16);
  broken.writeUInt32BE(300, 20);
  expect(await recognise(broken)).toEqual({ text: "Npunwer", isUnsure: true, unreadScript: null });
});
