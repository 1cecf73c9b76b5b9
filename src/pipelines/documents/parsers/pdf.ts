import { getDocumentProxy } from "unpdf";
import { PermanentError, messageOf } from "../../../errors.js";
import type { Json } from "../../pipeline.js";
import type { Parsed } from "./parsed.js";

const MAX_PAGES = 5_000;

/** Page by page, a line of text a line of the page; a word broken at a line's end is joined. */
export async function parsePdf(bytes: Uint8Array, name: string): Promise<Parsed> {
  const document = await open(bytes, name);
  try {
    if (document.numPages > MAX_PAGES) {
      throw new PermanentError(
        "RESOURCE_LIMIT",
        `${name} has ${document.numPages} pages; at most ${MAX_PAGES} are taken. Split it.`,
      );
    }
    const pageStarts: number[] = [];
    let text = "";
    for (let number = 1; number <= document.numPages; number += 1) {
      const page = await document.getPage(number);
      const { items } = await page.getTextContent();
      pageStarts.push(text.length);
      text += `${joinLines(items as readonly TextItem[])}\n\n`;
      page.cleanup();
    }
    return { text: text.trimEnd(), metadata: { pages: document.numPages, ...(await factsOf(document)) }, pageStarts };
  } finally {
    await document.destroy();
  }
}

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>;

async function open(bytes: Uint8Array, name: string): Promise<PdfDocument> {
  try {
    // A copy: the library takes the buffer away from its owner.
    return await getDocumentProxy(new Uint8Array(bytes), { isEvalSupported: false, stopAtErrors: false, verbosity: 0 });
  } catch (error) {
    if ((error as Error).name === "PasswordException") {
      throw new PermanentError("ENCRYPTED_DOCUMENT", `${name} is protected by a password; send an unprotected copy.`);
    }
    throw new PermanentError(
      "MALFORMED_DOCUMENT",
      `${name} is no intact PDF (${messageOf(error)}); send an intact copy.`,
    );
  }
}

interface TextItem {
  readonly str?: string;
  readonly hasEOL?: boolean;
}

function joinLines(items: readonly TextItem[]): string {
  const text = items.map(({ str = "", hasEOL }) => (hasEOL ? `${str}\n` : str)).join("");
  return text
    .replaceAll("\0", "")
    .replace(/(\p{L})-\n(?=\p{Ll})/gu, "$1")
    .replace(/[ \t]+\n/g, "\n")
    .trim();
}

async function factsOf(document: PdfDocument): Promise<Record<string, Json>> {
  const info = await document.getMetadata().then(
    (found: { info: unknown }) => found.info as Record<string, unknown>,
    () => ({}) as Record<string, unknown>, // A PDF need not say anything of itself.
  );
  const facts: Record<string, Json> = {};
  for (const [key, name] of [
    ["Title", "title"],
    ["Author", "author"],
  ] as const) {
    const value = info[key];
    if (typeof value === "string" && value.trim() !== "") facts[name] = value.replaceAll("\0", "").trim().slice(0, 500);
  }
  return facts;
}
