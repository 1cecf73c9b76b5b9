import { Parser } from "htmlparser2";
import { PermanentError } from "../../../errors.js";
import { declaredEncoding } from "../../decode-text.js";
import { holdText, type Block } from "../blocks/block.js";
import { HtmlBlocks, type HtmlChoice } from "./html-blocks.js";
import { factsOf, readText, type ParseAid, type Parsed } from "./parsed.js";

/** The time to read nested elements grows with the square of the depth: 200,000 take half a minute. Old pages that never close a font stay far below. */
const MAX_DEPTH = 20_000;
/** A page that hides this many characters, and so many times what it shows, hides itself until its scripts have run. */
const HIDES_ITSELF = 1_000;
const HIDES_MORE = 5;

/** What a reader of the page sees, in order. @throws {PermanentError} RESOURCE_LIMIT when elements are nested too deep */
export async function parseHtml(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { text, encoding } = readText(bytes, name, aid, declaredEncoding(bytes));
  const { blocks, metadata } = pageBlocks(text, aid.menus);
  return { blocks, metadata: { encoding, ...metadata } };
}

interface Page {
  readonly blocks: Block[];
  readonly metadata: Parsed["metadata"];
}

/** A web page. What it hides counts where that is nearly all of it: its scripts would show it. */
function pageBlocks(html: string, menus: boolean): Page {
  const { blocks, facts, concealed } = read(html, { menus, fallbacks: false, concealed: false });
  const isHidden = concealed >= HIDES_ITSELF && concealed > lengthOf(blocks) * HIDES_MORE;
  if (!isHidden) return holdText(blocks) ? { blocks, metadata: factsOf(facts) } : htmlBlocks(html, menus);
  return { blocks: read(html, { menus, fallbacks: false, concealed: true }).blocks, metadata: factsOf(facts) };
}

/** Menus, and what shows only without scripts, count where the page holds nothing else. */
export function htmlBlocks(html: string, menus = false): Page {
  const { blocks, facts } = read(html, { menus, fallbacks: false, concealed: false });
  const found = holdText(blocks) ? blocks : read(html, { menus: true, fallbacks: true, concealed: false }).blocks;
  return { blocks: found, metadata: factsOf(facts) };
}

function lengthOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + ("text" in block ? block.text : block.rows.flat().join("")).length, 0);
}

interface Read {
  readonly blocks: Block[];
  readonly facts: Record<string, unknown>;
  readonly concealed: number;
}

function read(html: string, choice: HtmlChoice): Read {
  const builder = new HtmlBlocks(choice);
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
  return { blocks: builder.end(), facts, concealed: builder.concealedLength };
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
