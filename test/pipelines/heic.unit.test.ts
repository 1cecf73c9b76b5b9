import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { detect } from "../../src/pipelines/documents/detect.js";
import { FORMATS } from "../../src/pipelines/documents/formats.js";
import { heifFacts } from "../../src/pipelines/documents/parsers/heif-boxes.js";
import { picturesOfHeic } from "../../src/pipelines/documents/parsers/heic.js";
import { filesOfProgram, ProgramStopped } from "../../src/pipelines/documents/parsers/program.js";
import { refusalOf } from "../../src/pipelines/documents/refusals.js";
import { ROOT } from "../support/root.js";
import { parsedFile } from "./parsed-file.js";

const DOCUMENTS = path.join(ROOT, "test", "fixtures", "documents");
const fixture = (name: string): Buffer => readFileSync(path.join(DOCUMENTS, name));
const JPEG = path.join(DOCUMENTS, "letter.jpg");

let folder: string;
const before = { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR };
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-heif-"));
  for (const one of ["bin", "tmp"]) await mkdir(path.join(folder, one));
  Object.assign(process.env, { PATH: path.join(folder, "bin"), TMPDIR: path.join(folder, "tmp") });
});
afterEach(async () => {
  Object.assign(process.env, before);
  if (before.TMPDIR === undefined) delete process.env.TMPDIR;
  await rm(folder, { recursive: true });
});

/** Puts a program of this name on the PATH, and nothing else: a shell script with `cat` for copying. */
async function program(name: string, script: string): Promise<void> {
  const copy = `jpeg() { while [ $# -gt 0 ]; do /bin/cat ${JPEG} > "$1"; shift; done; }`;
  await writeFile(path.join(folder, "bin", name), `#!/bin/sh\n${copy}\n${script}\n`, { mode: 0o755 });
}

describe("what a HEIC file says of its pictures before they are decoded", () => {
  test("is how many are to be seen, how large they are, and whether a part is missing", () => {
    expect(heifFacts(fixture("letter.heic"))).toEqual({
      codes: ["hvc1"],
      sizes: [{ width: 600, height: 200 }],
      hasAlpha: false,
      isBlanked: false,
    });
    expect(heifFacts(fixture("pages.heic"))).toMatchObject({ codes: ["hvc1", "hvc1"], isBlanked: false });
    const blanked = fixture("letter.heic");
    expect(heifFacts(blanked.fill(0, 3_000, 3_100))).toMatchObject({ isBlanked: true });
  });

  test.each([
    ["more pixels than are taken", (bytes: Buffer) => bytes.writeUInt32BE(1_000_000, sizeAt(bytes)), "RESOURCE_LIMIT"],
    ["a part that a transfer left empty", (bytes: Buffer) => bytes.fill(0, 3_000), "MALFORMED_DOCUMENT"],
    ["no description", (bytes: Buffer) => bytes.write("free", bytes.indexOf("meta")), "MALFORMED_DOCUMENT"],
    ["no picture", (bytes: Buffer) => bytes.write("none", bytes.indexOf("hvc1")), "MALFORMED_DOCUMENT"],
    ["a box without end", (bytes: Buffer) => bytes.writeUInt32BE(3, bytes.indexOf("pitm") - 4), "MALFORMED_DOCUMENT"],
    ["the short form", (bytes: Buffer) => bytes.write("mini", bytes.indexOf("meta")), "UNSUPPORTED_TYPE"],
  ] as const)("refuses a file with %s, without a program", async (_what, change, code) => {
    const bytes = fixture("letter.heic");
    change(bytes);
    await program("heif-convert", "jpeg page.jpg");
    await expect(picturesOfHeic(bytes, "a.heic")).rejects.toMatchObject({ code });
    await expect(picturesOfHeic(fixture("letter.heic"), "a.heic")).resolves.toMatchObject({ count: 1, failure: null });
  });

  const sizeAt = (bytes: Buffer): number => bytes.indexOf("ispe") + 8;
});

describe("a HEIC photograph", () => {
  test("is refused by its name, with advice, where no program of libheif is installed", async () => {
    const refused = parsedFile(fixture("letter.heic"), "receipt.heic");
    await expect(refused).rejects.toMatchObject({ code: "UNSUPPORTED_TYPE" });
    await expect(refused).rejects.toThrow(/receipt\.heic is a HEIC photograph.*libheif-examples.*JPEG/);
  });

  test("is decoded by the program under its newer name, and nothing is left of it", async () => {
    await program("heif-dec", "jpeg page.jpg");
    const { mediaType, metadata, codes } = await parsedFile(fixture("letter.heic"), "a.heic");
    expect(mediaType).toBe(FORMATS.heic);
    expect([metadata, codes]).toMatchObject([{ width: 600, height: 200, orientation: 1 }, []]);
    expect(await readdir(path.join(folder, "tmp"))).toEqual([]);
  });

  test("with a mask is decoded without it where the program makes no PNG of it", async () => {
    expect(heifFacts(fixture("masked.heic"))).toMatchObject({ codes: ["hvc1"], hasAlpha: true });
    await program("heif-convert", 'case "$4" in *.jpg) jpeg page.jpg ;; esac');
    expect((await parsedFile(fixture("masked.heic"), "a.heic")).metadata).toMatchObject({ width: 600 });
    await program("heif-convert", 'case "$4" in *.png) jpeg page.png ;; esac');
    expect((await parsedFile(fixture("masked.heic"), "a.heic")).metadata).toMatchObject({ width: 600 });
  });

  test("gives the pages that were decoded, and names the others", async () => {
    await program("heif-convert", "jpeg page-1.jpg; echo 'Could not decode image: 1' >&2; exit 1");
    const { metadata, warnings } = await parsedFile(fixture("pages.heic"), "a.heic");
    expect(metadata).toMatchObject({ pages: 2 });
    expect(warnings).toMatchObject([{ code: "PAGES_UNREAD", count: 1 }]);
    expect(warnings[0]!.message).toMatch(/^Page 2 of a\.heic could not be decoded .*image: 1/);
  });

  test.each([
    ["writes nothing", "true", "MALFORMED_DOCUMENT"],
    ["finds it broken", "echo 'Invalid input: No meta box' >&2; exit 1", "MALFORMED_DOCUMENT"],
    ["writes no picture", "echo words > page.jpg", "MALFORMED_DOCUMENT"],
    ["does not know its code", "echo 'Unsupported feature: Unsupported codec' >&2; exit 1", "UNSUPPORTED_TYPE"],
    ["has no memory left", "echo 'Memory allocation error' >&2; exit 1", "RESOURCE_LIMIT"],
    ["is killed", "jpeg page.jpg; kill -9 $$", "RESOURCE_LIMIT"],
  ])("fails with a verdict where the program %s", async (_what, script, code) => {
    await program("heif-convert", script);
    await expect(parsedFile(fixture("letter.heic"), "a.heic")).rejects.toMatchObject({ code });
    expect(await readdir(path.join(folder, "tmp"))).toEqual([]);
  });

  test("is decoded within limits of memory and time, by a program that is told no secret", async () => {
    process.env.HEADWAY_SECRET = "hush";
    await program("heif-convert", `echo "\${HEADWAY_SECRET:-nothing} $(ulimit -v)" >&2; exit 1`);
    await expect(picturesOfHeic(fixture("letter.heic"), "a.heic")).rejects.toThrow(/nothing 2097152/);
    delete process.env.HEADWAY_SECRET;
    await program("heif-convert", "exec /bin/sleep 60");
    const limits = { bytes: Buffer.from("x"), names: [["a.jpg"]], limitMs: 200, memoryMiB: 1_024 };
    const { files, error } = await filesOfProgram("heif-convert", [], limits);
    expect([files, error]).toEqual([[null], expect.any(ProgramStopped)]);
  });
});

describe("a HEIF file is told by all of its brands", () => {
  test.each([
    ["heic", ["mif1", "heic"], FORMATS.heic],
    ["mif1", ["mif1", "heic"], FORMATS.heic],
    ["mif1", ["mif1", "avif"], FORMATS.avif],
    ["avif", ["mif1", "avif"], FORMATS.avif],
    ["heim", ["mif1"], FORMATS.heic],
    ["msf1", ["msf1", "heic"], FORMATS.heic],
    ["msf1", ["msf1", "hevc"], "image/heif-sequence"],
    ["isom", ["isom", "mp42"], FORMATS.mp4],
  ])("%s with %j", async (main, others, mediaType) => {
    const bytes = Buffer.alloc(200);
    bytes.writeUInt32BE(16 + others.length * 4, 0);
    bytes.write(`ftyp${main}`, 4);
    bytes.write(others.join(""), 16);
    expect(await detect(bytes, "a")).toBe(mediaType);
  });

  test("and a sequence is refused by name", () => {
    expect(refusalOf("image/heif-sequence", "a.heics", [])).toMatch(/moving picture.*JPEG/);
  });
});
