import { PermanentError } from "../../../errors.js";
import type { Block, BlockPlace } from "../blocks/block.js";
import { openOdf } from "./odf.js";
import { OdfBody } from "./odf-body.js";
import { find, type XmlNode } from "./office-xml.js";
import type { ParseAid, Parsed } from "./parsed.js";
import { readPictures } from "./pictures.js";

const MAX_SLIDES = 5_000;
/** What stands on every slide, as the master has it. */
const MARGINS = /^(footer|header|date-time|page-number)$/;

/** Slide by slide: its title, what stands on it, then notes and comments. */
export async function parseOdp(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { archive, content, facts } = openOdf(bytes, name);
  const slides = find(content, "draw:page");
  if (slides.length === 0) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no slides inside; send an intact copy.`);
  }
  if (slides.length > MAX_SLIDES) {
    throw new PermanentError(
      "RESOURCE_LIMIT",
      `${name} has ${slides.length} slides; the limit is ${MAX_SLIDES}. Split it.`,
    );
  }
  const blocks = slides.flatMap((slide, index) => slideBlocks(slide, { page: index + 1, isSlide: true }));
  blocks.push(...(await readPictures(archive, "Pictures/", name, aid)));
  return { blocks, metadata: { ...facts, pages: slides.length } };
}

function slideBlocks(slide: XmlNode, place: BlockPlace): Block[] {
  const body = new OdfBody();
  const classOf = ({ attributes }: XmlNode): string => attributes["presentation:class"] ?? "";
  const shapes = slide.children.filter((one) => one.name !== "presentation:notes" && !MARGINS.test(classOf(one)));
  const title = shapes.find((one) => classOf(one) === "title");
  const head = title ? textOfBlocks(body.blocksOf(title)) : "";
  const rest = body.blocksOf({ ...slide, children: shapes.filter((one) => one !== title) });
  const noted = find(slide, "presentation:notes").flatMap(({ children }) => children);
  const notes = textOfBlocks(noted.filter((one) => !MARGINS.test(classOf(one))).flatMap((one) => body.blocksOf(one)));
  const blocks: Block[] = [
    ...(head === "" ? [] : [{ kind: "heading", level: 2, text: head } as Block]),
    ...rest,
    ...(notes === "" ? [] : [{ kind: "note", text: `Notes: ${notes}` } as Block]),
    ...body.takeNotes(),
  ];
  return blocks.map((block) => ({ ...block, ...place }));
}

function textOfBlocks(blocks: readonly Block[]): string {
  return blocks
    .map((block) => ("text" in block ? block.text : block.rows.map((row) => row.join(" ")).join("\n")))
    .join("\n")
    .trim();
}
