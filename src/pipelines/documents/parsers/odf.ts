import { PermanentError } from "../../../errors.js";
import type { Json } from "../../pipeline.js";
import { encrypted, openArchive, type Archive } from "./archive.js";
import { find, readXml, textOf, type XmlNode } from "./office-xml.js";
import { factsOf } from "./parsed.js";

/** An OpenDocument file, opened. */
export interface OpenDocument {
  readonly archive: Archive;
  /** Of content.xml. */
  readonly content: XmlNode;
  readonly facts: Readonly<Record<string, Json>>;
}

/** @throws {PermanentError} ENCRYPTED_DOCUMENT, MALFORMED_DOCUMENT, RESOURCE_LIMIT */
export function openOdf(bytes: Uint8Array, name: string): OpenDocument {
  const archive = openArchive(bytes, name);
  const manifest = archive.read("META-INF/manifest.xml");
  if (manifest && Buffer.from(manifest).includes("encryption-data")) throw encrypted(name);
  const content = archive.read("content.xml");
  if (!content) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no content.xml inside; send an intact copy.`);
  }
  const meta = archive.read("meta.xml");
  const facts = meta ? metaFacts(readXml(meta, "meta.xml")) : {};
  return { archive, content: readXml(content, "content.xml"), facts };
}

function metaFacts(meta: XmlNode): Record<string, Json> {
  const valueOf = (element: string): string => find(meta, element).map(textOf).join(" ");
  return factsOf({
    title: valueOf("dc:title"),
    creator: valueOf("meta:initial-creator") || valueOf("dc:creator"),
    subject: valueOf("dc:subject"),
    description: valueOf("dc:description"),
    keywords: find(meta, "meta:keyword").map(textOf),
    language: valueOf("dc:language"),
    created: valueOf("meta:creation-date"),
    modified: valueOf("dc:date"),
    producer: valueOf("meta:generator"),
    pages: Number(find(meta, "meta:document-statistic")[0]?.attributes["meta:page-count"]) || undefined,
  });
}
