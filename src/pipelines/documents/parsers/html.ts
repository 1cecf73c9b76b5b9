import { Parser } from "htmlparser2";
import { PermanentError } from "../../../errors.js";
import { declaredEncoding } from "../../decode-text.js";
import { holdText, type Block } from "../blocks/block.js";
import { HtmlBlocks } from "./html-blocks.js";
import { factsOf, readText, type ParseAid, type Parsed } from "./parsed.js";

/** The time to read nested elements grows with the square of the depth: 200,000 take half a minute. Old pages that never close a font stay far below. */
const MAX_DEPTH = 20_000;

/** What a reader of the page sees, in order. @throws {PermanentError} RESOURCE_LIMIT when elements are nested too deep */
export async function parseHtml(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { text, encoding } = readText(bytes, name, aid, declaredEncoding(bytes));
  const { blocks, metadata } = htmlBlocks(text, aid.menus);
  return { blocks, metadata: { encoding, ...metadata } };
}

/** Menus, and what shows only without scripts, count where the page holds nothing else. */
export function htmlBlocks(html: string, menus = false): { blocks: Block[]; metadata: Parsed["metadata"] } {
  const { blocks, facts } = read(html, menus, false);
  const found = holdText(blocks) ? blocks : read(html, true, true).blocks;
  return { blocks: found, metadata: factsOf(facts) };
}

function read(html: string, menus: boolean, fallbacks: boolean): { blocks: Block[]; facts: Record<string, unknown> } {
  const builder = new HtmlBlocks({ menus, fallbacks });
  const facts: Record<string, unknown> = {};
  let depth = 0;
  let title: string | null = null;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        depth += 1;
        if (depth > MAX_DEPTH) throw tooDeep();
        if (name === "html" && attributes.lang) facts.language = attributes.lang;
        if (name === "meta") Object.assign(facts, factOfMeta(attributes));
        if (name === "title" && facts.title === undefined && builder.isOutside) title = "";
        builder.open(name, attributes);
      },
      ontext(text) {
        if (title !== null) title += text;
        builder.text(text);
      },
      onclosetag(name) {
        depth -= 1;
        if (name === "title" && title !== null) {
          facts.title = title.replace(/\s+/g, " ").trim();
          title = null;
        }
        builder.close(name);
      },
    },
    { decodeEntities: true },
  );
  parser.write(html);
  parser.end();
  return { blocks: builder.end(), facts };
}

/** What meta elements say, by the names of Dublin Core. */
const META: Readonly<Record<string, string>> = {
  author: "creator",
  "dc.creator": "creator",
  "dcterms.creator": "creator",
  description: "description",
  "dc.description": "description",
  "og:description": "description",
  keywords: "keywords",
  "dc.subject": "subject",
  "dc.title": "title",
  "dc.date": "created",
  "dcterms.created": "created",
  "article:published_time": "created",
  "dcterms.modified": "modified",
  "article:modified_time": "modified",
  "dc.language": "language",
  "dc.publisher": "publisher",
  generator: "producer",
};

function factOfMeta({ name, property, content }: Readonly<Record<string, string>>): Record<string, unknown> {
  const key = META[(name ?? property ?? "").toLowerCase()];
  return key && content ? { [key]: content } : {};
}

function tooDeep(): PermanentError {
  return new PermanentError(
    "RESOURCE_LIMIT",
    `The HTML is nested more than ${MAX_DEPTH} elements deep; close or flatten them.`,
  );
}
