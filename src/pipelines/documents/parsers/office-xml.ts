import { XMLParser } from "fast-xml-parser";
import { PermanentError, messageOf } from "../../../errors.js";
import { decodeText } from "../../decode-text.js";
import { MAX_NESTING } from "./parsed.js";
import { assertNesting, decodeEntities } from "./xml-limits.js";

/** An element, or a run of text where `name` is "#text". */
export interface XmlNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlNode[];
  readonly text: string;
}

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
  maxNestedTags: MAX_NESTING,
});

/** The XML part of a container as a tree. @throws {PermanentError} MALFORMED_DOCUMENT, RESOURCE_LIMIT */
export function readXml(bytes: Uint8Array, part: string): XmlNode {
  const { text } = decodeText(bytes);
  assertNesting(text);
  try {
    return nodeOf("#root", parser.parse(text) as unknown[], {});
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    throw new PermanentError("MALFORMED_DOCUMENT", `Its ${part} is broken (${messageOf(error)}); send an intact copy.`);
  }
}

function nodeOf(name: string, inner: readonly unknown[], attributes: Record<string, string>): XmlNode {
  const children = (inner as Record<string, unknown>[]).flatMap((item): XmlNode[] => {
    const [key] = Object.keys(item).filter((one) => one !== ":@");
    if (key === undefined) return [];
    if (key === "#text") return [{ name: key, attributes: {}, children: [], text: decodeEntities(String(item[key])) }];
    const of = (item[":@"] ?? {}) as Record<string, string>;
    return [nodeOf(key, Array.isArray(item[key]) ? (item[key] as unknown[]) : [], of)];
  });
  return { name, attributes, children, text: "" };
}

/** Every element of that name below `node`, in document order; none inside another one of them. */
export function find(node: XmlNode, name: string): XmlNode[] {
  return node.children.flatMap((child) => (child.name === name ? [child] : find(child, name)));
}

/** All text below `node`, as it stands. */
export function textOf(node: XmlNode): string {
  return node.name === "#text" ? node.text : node.children.map(textOf).join("");
}
