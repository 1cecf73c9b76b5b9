import { PermanentError } from "../../../errors.js";
import type { Block } from "../blocks/block.js";
import { encrypted, openArchive } from "./archive.js";
import { OdfBody } from "./odf-body.js";
import { find, readXml, textOf, type XmlNode } from "./office-xml.js";
import { factsOf, type ParseAid, type Parsed } from "./parsed.js";
import { readPictures } from "./pictures.js";

/** Headers, the body, then notes and comments, then footers. */
export async function parseOdt(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const archive = openArchive(bytes, name);
  const manifest = archive.read("META-INF/manifest.xml");
  if (manifest && Buffer.from(manifest).includes("encryption-data")) throw encrypted(name);
  const content = archive.read("content.xml");
  if (!content) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no content.xml inside; send an intact copy.`);
  }
  const body = new OdfBody();
  const styles = archive.read("styles.xml");
  const masters = styles ? find(readXml(styles, "styles.xml"), "style:master-page") : [];
  const blocks = [
    ...marginsOf(body, masters, "style:header"),
    ...find(readXml(content, "content.xml"), "office:body").flatMap((node) => body.blocksOf(node)),
    ...body.takeNotes(),
    ...marginsOf(body, masters, "style:footer"),
    ...(await readPictures(archive, "Pictures/", name, aid)),
  ];
  const meta = archive.read("meta.xml");
  return { blocks, metadata: meta ? metaFacts(readXml(meta, "meta.xml")) : {} };
}

/** What stands on every page, once. */
function marginsOf(body: OdfBody, masters: readonly XmlNode[], element: string): Block[] {
  const seen = new Set<string>();
  return masters
    .flatMap((master) => find(master, element))
    .flatMap((node) => {
      const blocks = body.blocksOf(node);
      const key = JSON.stringify(blocks);
      if (seen.has(key)) return [];
      seen.add(key);
      return blocks.filter((block) => !("text" in block) || /\p{L}/u.test(block.text));
    });
}

function metaFacts(meta: XmlNode): Parsed["metadata"] {
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
