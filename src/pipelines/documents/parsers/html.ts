import { compile } from "html-to-text";
import { decodeText } from "../../decode-text.js";
import type { Json } from "../../pipeline.js";
import { MAX_NESTING, type Parsed } from "./parsed.js";

/** Readable text: no tags, no addresses of links, images as their alternative text, tables row by row. */
const toText = compile({
  wordwrap: false,
  formatters: { alternative: (element, _walk, builder) => builder.addInline(element.attribs?.alt ?? "") },
  limits: { maxInputLength: 50_000_000, maxDepth: MAX_NESTING },
  selectors: [
    { selector: "a", options: { ignoreHref: true } },
    { selector: "img", format: "alternative" },
    { selector: "script", format: "skip" },
    { selector: "style", format: "skip" },
    { selector: "table", format: "dataTable", options: { uppercaseHeaderCells: false, maxColumnWidth: 500 } },
    ...["h1", "h2", "h3", "h4", "h5", "h6"].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
});

export async function parseHtml(bytes: Uint8Array): Promise<Parsed> {
  const declared = decodeText(bytes);
  const metadata: Record<string, Json> = { encoding: declared.encoding };
  const title = /<title[^>]*>([^<]{1,500})<\/title>/i.exec(declared.text)?.[1]?.replace(/\s+/g, " ").trim();
  if (title) metadata.title = toText(title);
  return { text: toText(declared.text), metadata };
}
