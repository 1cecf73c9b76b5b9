import { XMLParser } from "fast-xml-parser";
import { PermanentError, messageOf } from "../../../errors.js";
import { declaredEncoding, decodeText } from "../../decode-text.js";
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
  const { text } = decodeText(bytes, declaredEncoding(bytes));
  assertNesting(text);
  try {
    return nodeOf("#root", parser.parse(text) as unknown[], {});
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    throw new PermanentError("MALFORMED_DOCUMENT", `Its ${part} is broken (${messageOf(error)}); send an intact copy.`);
  }
}

/** The prefixes that office documents' namespaces have here, whatever a file calls them; strict and transitional alike. */
const PREFIXES: readonly (readonly [namespace: RegExp, prefix: string])[] = [
  [/wordprocessingml\/(2006\/)?main$/, "w"],
  [/drawingml\/(2006\/)?main$/, "a"],
  [/drawingml\/(2006\/)?wordprocessingDrawing$/, "wp"],
  [/drawingml\/(2006\/)?chart$/, "c"],
  [/drawingml\/(2006\/)?diagram$/, "dgm"],
  [/drawingml\/(2006\/)?picture$/, "pic"],
  [/presentationml\/(2006\/)?main$/, "p"],
  [/officeDocument\/(2006\/)?relationships$/, "r"],
  [/officeDocument\/(2006\/)?math$/, "m"],
  [/spreadsheetml\/(2006\/)?main$/, ""],
  [/package\/2006\/(relationships|content-types)$/, ""],
  [/markup-compatibility\/2006$/, "mc"],
  [/purl\.org\/dc\/elements\/1\.1\/?$/, "dc"],
  [/purl\.org\/dc\/terms\/?$/, "dcterms"],
  [/core-properties$/, "cp"],
];

type Names = ReadonlyMap<string, string>;

function nodeOf(
  name: string,
  inner: readonly unknown[],
  attributes: Record<string, string>,
  names: Names = new Map(),
): XmlNode {
  const known = namesIn(attributes, names);
  const children = (inner as Record<string, unknown>[]).flatMap((item): XmlNode[] => {
    const [key] = Object.keys(item).filter((one) => one !== ":@");
    if (key === undefined) return [];
    if (key === "#text") return [{ name: key, attributes: {}, children: [], text: decodeEntities(String(item[key])) }];
    const of = (item[":@"] ?? {}) as Record<string, string>;
    return [nodeOf(key, Array.isArray(item[key]) ? (item[key] as unknown[]) : [], of, known)];
  });
  return { name: named(name, known), attributes: namedAttributes(attributes, known), children, text: "" };
}

/** Which prefixes of the file stand for which of ours from this element on. */
function namesIn(attributes: Record<string, string>, names: Names): Names {
  let known: Map<string, string> | null = null;
  for (const [attribute, value] of Object.entries(attributes)) {
    if (!attribute.startsWith("xmlns")) continue;
    const prefix = PREFIXES.find(([namespace]) => namespace.test(value))?.[1];
    if (prefix === undefined) continue;
    known ??= new Map(names);
    known.set(attribute.slice(6), prefix);
  }
  return known ?? names;
}

function named(name: string, names: Names): string {
  const colon = name.indexOf(":");
  const prefix = names.get(colon < 0 ? "" : name.slice(0, colon));
  if (prefix === undefined) return name;
  const local = name.slice(colon + 1);
  return prefix === "" ? local : `${prefix}:${local}`;
}

function namedAttributes(attributes: Record<string, string>, names: Names): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name.includes(":") ? named(name, names) : name,
      value.includes("&") ? decodeEntities(value) : value,
    ]),
  );
}

/** Every element of that name below `node`, in document order; none inside another one of them. */
export function find(node: XmlNode, name: string): XmlNode[] {
  return node.children.flatMap((child) => (child.name === name ? [child] : find(child, name)));
}

/** All text below `node`, as it stands. */
export function textOf(node: XmlNode): string {
  return node.name === "#text" ? node.text : node.children.map(textOf).join("");
}

/** The first child of that name; null where there is none. */
export function childOf(node: XmlNode, name: string): XmlNode | null {
  return node.children.find((child) => child.name === name) ?? null;
}

/** The attribute of the first element of that name below `node`. */
export function valueOf(node: XmlNode | null, name: string, attribute: string): string | undefined {
  return node === null ? undefined : find(node, name)[0]?.attributes[attribute];
}
