import { PermanentError } from "../../../errors.js";
import { encrypted, openArchive } from "./archive.js";
import { find, readXml, textOf, type XmlNode } from "./office-xml.js";
import { factsOf, type Parsed } from "./parsed.js";

/** Of repeated blanks and cells, which are written as a number: more of them than this say nothing. */
const MAX_REPEATED = 100;
/** Deleted text, comments and the contents of drawings' fallbacks are no text of the document. */
const LEFT_OUT = new Set(["text:tracked-changes", "office:annotation", "office:forms", "text:sequence-decls"]);
const BLOCKS = new Set(["text:p", "text:h"]);

/** Headings and paragraphs apart, table rows a line each with their cells apart by tabs. */
export async function parseOdt(bytes: Uint8Array, name: string): Promise<Parsed> {
  const archive = openArchive(bytes, name);
  const manifest = archive.read("META-INF/manifest.xml");
  if (manifest && Buffer.from(manifest).includes("encryption-data")) throw encrypted(name);
  const content = archive.read("content.xml");
  if (!content) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no content.xml inside; send an intact copy.`);
  }
  const blocks: string[] = [];
  for (const body of find(readXml(content, "content.xml"), "office:body")) collect(body, blocks);
  const meta = archive.read("meta.xml");
  return { text: blocks.join("\n\n"), metadata: meta ? metaFacts(readXml(meta, "meta.xml")) : {} };
}

function metaFacts(meta: XmlNode): Parsed["metadata"] {
  const valueOf = (element: string): string => find(meta, element).map(textOf).join(" ");
  return factsOf({ title: valueOf("dc:title"), author: valueOf("meta:initial-creator") || valueOf("dc:creator") });
}

function collect(node: XmlNode, blocks: string[]): void {
  for (const child of node.children) {
    if (LEFT_OUT.has(child.name)) continue;
    if (child.name === "table:table") {
      const rows = find(child, "table:table-row").map(rowText);
      blocks.push(rows.filter((row) => row.trim() !== "").join("\n"));
    } else if (BLOCKS.has(child.name)) {
      const text = inlineText(child).trim();
      if (text !== "") blocks.push(text);
    } else collect(child, blocks);
  }
}

function rowText(row: XmlNode): string {
  const cells = find(row, "table:table-cell").map((cell) => {
    const inner: string[] = [];
    collect(cell, inner);
    return inner.join(" ").replaceAll("\n", " ");
  });
  return cells.join("\t").trimEnd();
}

function inlineText(node: XmlNode): string {
  return node.children
    .map((child) => {
      if (child.name === "#text") return child.text.replace(/\s+/g, " ");
      if (child.name === "text:s") return " ".repeat(Math.min(Number(child.attributes["text:c"]) || 1, MAX_REPEATED));
      if (child.name === "text:tab") return "\t";
      if (child.name === "text:line-break") return "\n";
      if (LEFT_OUT.has(child.name)) return "";
      return inlineText(child);
    })
    .join("");
}
