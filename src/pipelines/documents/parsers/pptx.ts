import { PermanentError } from "../../../errors.js";
import type { Block, BlockPlace } from "../blocks/block.js";
import { tableOf, type DocumentCell } from "../blocks/cells.js";
import { coreFactsOf, openArchive, type Archive } from "./archive.js";
import { drawnText, graphicBlocks } from "./drawing.js";
import { childOf, find, readXml, textOf, type XmlNode } from "./office-xml.js";
import type { ParseAid, Parsed } from "./parsed.js";
import { readPictures, warnOfEmbedded } from "./pictures.js";
import { mainPartOf, relationsOf, relationsOfType } from "./relations.js";

const MAX_SLIDES = 5_000;
const SLIDE = /^ppt\/slides\/slide(\d+)\.xml$/;

/** Slide by slide, in the order of the show: its title, what stands on it, then notes and comments. */
export async function parsePptx(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const archive = openArchive(bytes, name);
  const slides = slidesOf(archive);
  if (slides.length === 0) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no slides inside; send an intact copy.`);
  }
  if (slides.length > MAX_SLIDES) {
    throw new PermanentError(
      "RESOURCE_LIMIT",
      `${name} has ${slides.length} slides; the limit is ${MAX_SLIDES}. Split it.`,
    );
  }
  const blocks = slides.flatMap((slide, index) => slideBlocks(archive, slide, { page: index + 1, isSlide: true }));
  blocks.push(...(await readPictures(archive, "ppt/media/", name, aid)));
  warnOfEmbedded(archive, "ppt/embeddings/", name, aid);
  return { blocks, metadata: { pages: slides.length, ...coreFactsOf(archive) } };
}

/** By the presentation's own list; by their numbers where it has none that leads to slides. */
function slidesOf(archive: Archive): string[] {
  const byNumber = archive.names
    .filter((entry) => SLIDE.test(entry))
    .sort((a, b) => Number(SLIDE.exec(a)![1]) - Number(SLIDE.exec(b)![1]));
  const part = mainPartOf(archive, "ppt/presentation.xml");
  const presentation = archive.read(part);
  if (!presentation) return byNumber;
  const targets = relationsOf(archive, part);
  const listed = find(readXml(presentation, part), "p:sldId")
    .map(({ attributes }) => targets.get(attributes["r:id"] ?? "")?.target)
    .filter((target): target is string => target !== undefined && archive.names.includes(target));
  return listed.length > 0 ? [...new Set(listed)] : byNumber;
}

function slideBlocks(archive: Archive, part: string, place: BlockPlace): Block[] {
  const xml = archive.read(part);
  if (!xml) return [];
  const root = readXml(xml, part);
  const shapes: Shape[] = [];
  for (const tree of find(root, "p:spTree")) collect(tree, { archive, part, place }, shapes);
  const title = shapes.find(({ isTitle }) => isTitle);
  const isHidden = find(root, "p:sld")[0]?.attributes.show === "0";
  const head = title?.blocks.map((block) => ("text" in block ? block.text : "")).join(" ") ?? "";
  const heading = isHidden ? `${head} (hidden slide)`.trim() : head;
  return [
    ...(heading === "" ? [] : [{ kind: "heading", level: 2, text: heading, ...place } as Block]),
    ...shapes.filter((shape) => shape !== title).flatMap(({ blocks }) => blocks),
    ...notesOf(archive, part, place),
    ...commentsOf(archive, part, place),
  ];
}

interface Shape {
  readonly isTitle: boolean;
  readonly blocks: readonly Block[];
}
interface Surroundings {
  readonly archive: Archive;
  readonly part: string;
  readonly place: BlockPlace;
}

function collect(node: XmlNode, around: Surroundings, shapes: Shape[]): void {
  for (const child of node.children) {
    if (child.name === "p:sp") shapes.push(shapeOf(child, around.place));
    else if (child.name === "p:graphicFrame") {
      const tables = find(child, "a:tbl").flatMap((table) => tableOf(rowsOf(table), around.place, false));
      const graphics = graphicBlocks(around.archive, around.part, child, around.place);
      shapes.push({ isTitle: false, blocks: [...tables, ...graphics] });
    } else if (child.name === "p:pic") {
      const text = find(child, "p:cNvPr")[0]?.attributes.descr?.trim() ?? "";
      // Programs name files and sizes where nobody described the picture.
      const isWritten = text !== "" && !/\.(png|jpe?g|gif|emf|wmf|bmp|tiff?)$/i.test(text);
      if (isWritten) shapes.push({ isTitle: false, blocks: [{ kind: "caption", text, ...around.place }] });
    } else if (child.name === "mc:AlternateContent") {
      const chosen = childOf(child, "mc:Choice") ?? childOf(child, "mc:Fallback");
      if (chosen) collect(chosen, around, shapes);
    } else if (child.name === "p:grpSp" || child.name === "p:spTree") collect(child, around, shapes);
  }
}

/** Numbers, dates and footers of the master, which stand on every slide, are none of its own. */
const OF_THE_MASTER = /^(sldNum|dt|ftr|hdr)$/;

function shapeOf(shape: XmlNode, place: BlockPlace): Shape {
  const kind = find(shape, "p:ph")[0]?.attributes.type ?? "";
  if (kind === "sldNum") return { isTitle: false, blocks: [] };
  const isTitle = kind === "title" || kind === "ctrTitle";
  const isBody = find(shape, "p:ph").length > 0 && !isTitle && !OF_THE_MASTER.test(kind) && kind !== "subTitle";
  const paragraphs = find(shape, "a:p")
    .map((node) => ({ node, text: drawnText(node).trim() }))
    .filter(({ text }) => text !== "");
  const blocks = paragraphs.map(({ node, text }): Block => {
    const properties = childOf(node, "a:pPr");
    const depth = Math.min(8, Number(properties?.attributes.lvl ?? 0) || 0);
    const hasBullet = properties?.children.some(({ name }) => name === "a:buChar" || name === "a:buAutoNum") ?? false;
    const hasNone = properties?.children.some(({ name }) => name === "a:buNone") ?? false;
    const isItem = !isTitle && !hasNone && (hasBullet || depth > 0 || (isBody && paragraphs.length > 1));
    return isItem ? { kind: "item", marker: "-", depth, text, ...place } : { kind: "paragraph", text, ...place };
  });
  return { isTitle, blocks };
}

function rowsOf(table: XmlNode): DocumentCell[][] {
  return find(table, "a:tr").map((row) =>
    row.children
      .filter(({ name, attributes }) => name === "a:tc" && attributes.hMerge !== "1" && attributes.vMerge !== "1")
      .map((cell) => ({
        blocks: find(cell, "a:p")
          .map((node) => drawnText(node).trim())
          .filter((text) => text !== "")
          .map((text): Block => ({ kind: "paragraph", text })),
        columns: Number(cell.attributes.gridSpan ?? 1) || 1,
        rows: Number(cell.attributes.rowSpan ?? 1) || 1,
        isHead: false,
      })),
  );
}

/** What the speaker says; not the picture of the slide above it, nor the page's number. */
function notesOf(archive: Archive, slide: string, place: BlockPlace): Block[] {
  return relationsOfType(archive, slide, "notesSlide").flatMap(({ target }) => {
    const xml = archive.read(target);
    if (!xml) return [];
    const shapes = find(readXml(xml, target), "p:sp").filter(
      (shape) => !/^(sldImg|sldNum|dt|ftr|hdr)$/.test(find(shape, "p:ph")[0]?.attributes.type ?? ""),
    );
    const text = shapes.flatMap((shape) => find(shape, "a:p").map((one) => drawnText(one).trim()));
    const said = text.filter((line) => line !== "").join("\n");
    return said === "" ? [] : [{ kind: "note", text: `Notes: ${said}`, ...place }];
  });
}

function commentsOf(archive: Archive, slide: string, place: BlockPlace): Block[] {
  return relationsOfType(archive, slide, "comments").flatMap(({ target }) => {
    const xml = archive.read(target);
    const root = xml ? readXml(xml, target) : null;
    const texts = root ? [...find(root, "p:text").map(textOf), ...find(root, "a:p").map(drawnText)] : [];
    return texts
      .map((text) => text.trim())
      .filter((text) => text !== "")
      .map((text): Block => ({ kind: "note", text: `Comment: ${text}`, ...place }));
  });
}
