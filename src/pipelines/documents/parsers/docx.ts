import mammoth from "mammoth";
import { coreFactsOf, openArchive } from "./archive.js";
import { parseHtml } from "./html.js";
import type { Parsed } from "./parsed.js";

/** By way of HTML, which keeps headings, lists and tables apart where plain extraction runs them together. */
export async function parseDocx(bytes: Uint8Array, name: string): Promise<Parsed> {
  const archive = openArchive(bytes, name);
  const { value } = await mammoth.convertToHtml(
    { buffer: Buffer.from(bytes) },
    { convertImage: mammoth.images.imgElement(async () => ({ src: "" })) },
  );
  const { text } = await parseHtml(Buffer.from(`\uFEFF<html><body>${value}</body></html>`));
  return { text, metadata: coreFactsOf(archive) };
}
