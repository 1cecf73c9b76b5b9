import { XMLParser, XMLValidator } from "fast-xml-parser";
import { PermanentError } from "../../../errors.js";
import { declaredEncoding } from "../../decode-text.js";
import type { Block } from "../blocks/block.js";
import { MAX_NESTING, readText, type ParseAid, type Parsed } from "./parsed.js";
import { assertNesting, entitiesOf, entityDecoder, externalEntitiesOf, withoutDoctype } from "./xml-limits.js";

/** Entities are expanded here, where what they grow to is counted, and not by the library. */
const parser = new XMLParser({
  preserveOrder: true,
  processEntities: false,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  ignoreDeclaration: true,
  ignorePiTags: true,
  trimValues: false,
  parseTagValue: false,
  parseAttributeValue: false,
  cdataPropName: "#cdata",
  maxNestedTags: MAX_NESTING,
});
/** Of the notation, not of the data. */
const NOT_DATA = /^(xmlns(:|$)|xsi:|xml:(space|base)$)/;

/** The text of the elements and the values of attributes under their names, in document order; what belongs together, together. */
export async function parseXml(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { text, encoding } = readText(bytes, name, aid, declaredEncoding(bytes));
  assertNesting(text);
  const body = withoutDoctype(text);
  const verdict = XMLValidator.validate(body.trimStart());
  if (verdict !== true) {
    const { msg, line } = verdict.err;
    throw new PermanentError("MALFORMED_DOCUMENT", `The XML is broken at line ${line}: ${msg} Send an intact copy.`);
  }
  const unread = externalEntitiesOf(text).filter((entity) => body.includes(`&${entity};`));
  if (unread.length > 0) {
    aid.warn("ENTITIES_UNREAD", `${name} takes in ${unread.join(", ")} from other files; nothing is fetched for it.`, {
      count: unread.length,
    });
  }
  const writer = new XmlBlocks(entityDecoder(entitiesOf(text)));
  writer.element(parser.parse(body) as unknown[]);
  return { blocks: writer.end(), metadata: { encoding } };
}

type Node = Record<string, unknown>;

class XmlBlocks {
  readonly #decode: (text: string) => string;
  readonly #blocks: Block[] = [];
  #lines: string[] = [];

  constructor(decode: (text: string) => string) {
    this.#decode = decode;
  }

  end(): Block[] {
    this.#close();
    return this.#blocks;
  }

  element(nodes: readonly unknown[]): void {
    for (const node of nodes as Node[]) {
      const key = nameOf(node);
      if (key === null) continue;
      if (isText(key)) {
        this.#line(textOf(node, this.#decode));
        continue;
      }
      const attributes = this.#attributesOf(node);
      const children = childrenOf(node, key);
      if (attributes !== "") this.#line(`${key}: ${attributes}`);
      if (isMixed(children)) this.#line(textOf(node, this.#decode));
      else {
        const isRecord = children.filter((child) => !isText(nameOf(child) ?? "#text")).length > 1;
        if (isRecord) this.#close();
        this.element(children);
        if (isRecord) this.#close();
      }
    }
  }

  #attributesOf(node: Node): string {
    return Object.entries((node[":@"] ?? {}) as Record<string, unknown>)
      .filter(([name, value]) => !NOT_DATA.test(name) && String(value).trim() !== "")
      .map(([name, value]) => `${name} ${this.#decode(String(value)).replace(/\s+/g, " ").trim()}`)
      .join(", ");
  }

  #line(text: string): void {
    const line = text
      .replace(/[^\S\n]+/g, " ")
      .replace(/ ?\n\s*/g, "\n")
      .trim();
    if (line !== "") this.#lines.push(line);
  }

  #close(): void {
    if (this.#lines.length > 0) this.#blocks.push({ kind: "lines", text: this.#lines.join("\n") });
    this.#lines = [];
  }
}

function nameOf(node: Node): string | null {
  return Object.keys(node).find((key) => key !== ":@") ?? null;
}

function isText(key: string): boolean {
  return key === "#text" || key === "#cdata";
}

function childrenOf(node: Node, key: string): Node[] {
  return Array.isArray(node[key]) ? (node[key] as Node[]) : [];
}

/** Words between elements, as in a paragraph with a link. */
function isMixed(children: readonly Node[]): boolean {
  const hasText = children.some((child) => nameOf(child) === "#text" && String(child["#text"]).trim() !== "");
  return hasText && children.some((child) => !isText(nameOf(child) ?? "#text"));
}

function textOf(node: Node, decode: (text: string) => string): string {
  const key = nameOf(node);
  if (key === "#text") return decode(String(node[key]));
  if (key === null) return "";
  // What is marked as no markup holds no references either.
  const children = childrenOf(node, key);
  if (key === "#cdata") return children.map((child) => String(child["#text"] as string)).join("");
  return children.map((child) => textOf(child, decode)).join("");
}
