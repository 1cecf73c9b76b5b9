import { XMLParser } from "fast-xml-parser";
import { decodeText } from "../../../decode-text.js";

/** An element: its children and texts by name, without prefixes; attributes begin with "@". */
export type XmlNode = { readonly [name: string]: unknown };

/** A parser for one format; `lists` may come several times. Entities are not expanded: nobody's bytes grow here. */
export function xmlParser(lists: readonly string[]): (bytes: Uint8Array) => XmlNode {
  const names = new Set(lists);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    removeNSPrefix: true,
    parseTagValue: false,
    processEntities: false,
    isArray: (name) => names.has(name),
  });
  return (bytes) => parser.parse(decodeText(bytes).text) as XmlNode;
}

/** The five entities that XML has by itself. */
export function unescaped(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}

export function child(node: unknown, name: string): XmlNode | null {
  const value = (node as XmlNode | null | undefined)?.[name];
  if (value === null || value === undefined) return null;
  return typeof value === "object" ? (value as XmlNode) : { "#text": value };
}

export function list(node: unknown, name: string): XmlNode[] {
  const value = (node as XmlNode | null | undefined)?.[name];
  return Array.isArray(value) ? (value as XmlNode[]) : value === undefined ? [] : [value as XmlNode];
}

/** The text at the end of a path of names; the first where there are several. */
export function text(node: unknown, ...path: string[]): string | null {
  let at: unknown = node;
  for (const name of path) {
    if (Array.isArray(at)) [at] = at as unknown[];
    at = (at as XmlNode | null | undefined)?.[name];
  }
  if (Array.isArray(at)) [at] = at as unknown[];
  if (typeof at === "object" && at !== null) at = (at as XmlNode)["#text"];
  return typeof at === "string" && at.trim() !== "" ? at.trim() : null;
}

export function attribute(node: XmlNode | null, name: string): string | null {
  const value = node?.[`@${name}`];
  return typeof value === "string" ? value : null;
}
