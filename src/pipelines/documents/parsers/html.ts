import { Parser } from "htmlparser2";
import { compile } from "html-to-text";
import { PermanentError } from "../../../errors.js";
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

/** The time to read nested elements grows with the square of the depth: 200,000 take half a minute. Old pages that never close a font stay far below. */
const MAX_DEPTH = 20_000;

/** @throws {PermanentError} RESOURCE_LIMIT when elements are nested too deep */
export async function parseHtml(bytes: Uint8Array): Promise<Parsed> {
  const declared = decodeText(bytes);
  assertDepth(declared.text);
  const metadata: Record<string, Json> = { encoding: declared.encoding };
  const title = /<title[^>]*>([^<]{1,500})<\/title>/i.exec(declared.text)?.[1]?.replace(/\s+/g, " ").trim();
  if (title) metadata.title = toText(title);
  return { text: toText(declared.text), metadata };
}

function assertDepth(html: string): void {
  let depth = 0;
  const parser = new Parser({
    onopentag: () => {
      depth += 1;
      if (depth > MAX_DEPTH) {
        throw new PermanentError(
          "RESOURCE_LIMIT",
          `The HTML is nested more than ${MAX_DEPTH} elements deep; close or flatten them.`,
        );
      }
    },
    onclosetag: () => (depth -= 1),
  });
  parser.end(html);
}
