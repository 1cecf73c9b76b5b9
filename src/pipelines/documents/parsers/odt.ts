import type { Block } from "../blocks/block.js";
import { openOdf } from "./odf.js";
import { OdfBody } from "./odf-body.js";
import { OdfLists } from "./odf-lists.js";
import { find, readXml, type XmlNode } from "./office-xml.js";
import type { ParseAid, Parsed } from "./parsed.js";
import { readPictures } from "./pictures.js";

/** Headers, the body, then notes and comments, then footers. */
export async function parseOdt(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { archive, content, facts } = openOdf(bytes, name);
  const styled = archive.read("styles.xml");
  const styles = styled ? readXml(styled, "styles.xml") : null;
  const body = new OdfBody(new OdfLists([styles, content]));
  const masters = styles ? find(styles, "style:master-page") : [];
  const blocks = [
    ...marginsOf(body, masters, "style:header"),
    ...find(content, "office:body").flatMap((node) => body.blocksOf(node)),
    ...body.takeNotes(),
    ...marginsOf(body, masters, "style:footer"),
    ...(await readPictures(archive, "Pictures/", name, aid)),
  ];
  return { blocks, metadata: facts };
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
