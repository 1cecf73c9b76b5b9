import { PermanentError } from "../../../errors.js";
import { coreFactsOf, openArchive, type Archive } from "./archive.js";
import { find, readXml, type XmlNode } from "./office-xml.js";
import type { Parsed } from "./parsed.js";

const MAX_SLIDES = 5_000;
const SLIDE = /^ppt\/slides\/slide(\d+)\.xml$/;

/** Slide by slide, in the order of the show: its paragraphs, its tables row by row, then the speaker's notes. */
export async function parsePptx(bytes: Uint8Array, name: string): Promise<Parsed> {
  const archive = openArchive(bytes, name);
  const slides = slidesOf(archive);
  if (slides.length === 0) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no slides inside; send an intact copy.`);
  }
  if (slides.length > MAX_SLIDES) {
    throw new PermanentError(
      "RESOURCE_LIMIT",
      `${name} has ${slides.length} slides; at most ${MAX_SLIDES} are taken. Split it.`,
    );
  }
  const pageStarts: number[] = [];
  let text = "";
  for (const slide of slides) {
    const blocks: string[] = [];
    for (const part of [slide, notesOf(archive, slide)]) {
      const xml = part === null ? null : archive.read(part);
      if (xml) collect(readXml(xml, part!), blocks);
    }
    pageStarts.push(text.length);
    text += `${blocks.join("\n\n")}\n\n`;
  }
  return { text: text.trimEnd(), metadata: { pages: slides.length, ...coreFactsOf(archive) }, pageStarts };
}

/** By the presentation's own list; by their numbers where it has none that leads to slides. */
function slidesOf(archive: Archive): string[] {
  const byNumber = archive.names
    .filter((entry) => SLIDE.test(entry))
    .sort((a, b) => Number(SLIDE.exec(a)![1]) - Number(SLIDE.exec(b)![1]));
  const presentation = archive.read("ppt/presentation.xml");
  if (!presentation) return byNumber;
  const targets = relationsOf(archive, "ppt/presentation.xml");
  const listed = find(readXml(presentation, "ppt/presentation.xml"), "p:sldId")
    .map(({ attributes }) => targets.get(attributes["r:id"] ?? "")?.target)
    .filter((target): target is string => target !== undefined && archive.names.includes(target));
  return listed.length > 0 ? [...new Set(listed)] : byNumber;
}

function notesOf(archive: Archive, slide: string): string | null {
  const relations = [...relationsOf(archive, slide).values()];
  return relations.find(({ type }) => type.endsWith("/notesSlide"))?.target ?? null;
}

/** Where the part's relations lead, by their ids; targets as names of entries. */
function relationsOf(archive: Archive, part: string): Map<string, { readonly type: string; readonly target: string }> {
  const [, folder, file] = /^(.*)\/([^/]+)$/.exec(part)!;
  const xml = archive.read(`${folder}/_rels/${file}.rels`);
  const found = xml ? find(readXml(xml, `${file}.rels`), "Relationship") : [];
  return new Map(
    found.map(({ attributes: { Id = "", Type = "", Target = "" } }) => [
      Id,
      { type: Type, target: Target.startsWith("/") ? Target.slice(1) : resolved(folder!, Target) },
    ]),
  );
}

function resolved(folder: string, target: string): string {
  return new URL(target, `file:///${folder}/`).pathname.slice(1);
}

function collect(node: XmlNode, blocks: string[]): void {
  for (const child of node.children) {
    if (child.name === "a:tbl") {
      const rows = find(child, "a:tr").map((row) => find(row, "a:tc").map(cellText).join("\t").trimEnd());
      if (rows.some((row) => row !== "")) blocks.push(rows.join("\n"));
    } else if (child.name === "a:p") {
      const text = paragraphText(child).trim();
      if (text !== "") blocks.push(text);
    } else collect(child, blocks);
  }
}

function cellText(cell: XmlNode): string {
  return find(cell, "a:p").map(paragraphText).join(" ").replaceAll("\n", " ").trim();
}

function paragraphText(node: XmlNode): string {
  return node.children
    .map((child) => {
      if (child.name === "a:t") return child.children.map(({ text }) => text).join("");
      if (child.name === "a:br") return "\n";
      // The number of the slide and the like, which the show fills in.
      return child.name === "a:fld" ? "" : paragraphText(child);
    })
    .join("");
}
