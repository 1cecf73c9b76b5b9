import { readFile } from "node:fs/promises";
import path from "node:path";
import { write } from "../../src/pipelines/documents/blocks/write.js";
import { detect } from "../../src/pipelines/documents/detect.js";
import { parseDocument } from "../../src/pipelines/documents/parse-document.js";

/** B9's peer: reads the files that it is sent, one after the other, and answers when each is text. */
process.on("message", (file: string) => void read(file));
process.on("disconnect", () => process.exit(0));
process.send?.("ready");

async function read(file: string): Promise<void> {
  try {
    const bytes = await readFile(file);
    const name = path.basename(file);
    const mediaType = await detect(bytes, name);
    const found = await parseDocument(bytes, name, {
      mediaType,
      ocr: true,
      menus: false,
      warn: () => undefined,
      progress: () => undefined,
    });
    process.send?.({ characters: write(found.blocks).text.length });
  } catch (error) {
    process.send?.({ error: String(error) });
  }
}
