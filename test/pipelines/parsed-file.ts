import { write } from "../../src/pipelines/documents/blocks/write.js";
import { detect } from "../../src/pipelines/documents/detect.js";
import { parseDocument } from "../../src/pipelines/documents/parse-document.js";

/** What the parsers make of bytes, without a pipeline around them. */
export async function parsedFile(bytes: Uint8Array, name: string) {
  const mediaType = await detect(bytes, name);
  const warnings: { code: string; message: string; count?: number }[] = [];
  const { blocks, metadata } = await parseDocument(bytes, name, {
    mediaType,
    ocr: false,
    menus: false,
    warn: (code, message, scope) => void warnings.push({ code, message, count: scope?.count }),
    progress: () => undefined,
  });
  return { mediaType, text: write(blocks).text, metadata, blocks, warnings, codes: warnings.map(({ code }) => code) };
}
