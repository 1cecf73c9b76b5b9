import { HeadwayError, PermanentError, messageOf } from "../../../errors.js";
import type { Block } from "../blocks/block.js";
import { coreFactsOf, openArchive, type Archive } from "./archive.js";
import { DocxBody } from "./docx-body.js";
import { Numbering, stylesOf } from "./docx-numbering.js";
import { find, readXml, type XmlNode } from "./office-xml.js";
import type { ParseAid, Parsed } from "./parsed.js";
import { readPictures, warnOfEmbedded } from "./pictures.js";
import { mainPartOf, relationsOf, relationsOfType } from "./relations.js";

/** Headers, the body, notes and comments under what they are, then footers. Deleted words are left out, inserted ones are in. */
export async function parseDocx(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const archive = openArchive(bytes, name);
  const part = mainPartOf(archive, "word/document.xml");
  const xml = archive.read(part);
  if (!xml) throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no document inside; send an intact copy.`);
  const root = readXml(xml, part);
  if (find(root, "w:body").length === 0) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no body inside; send an intact copy.`);
  }
  const body = new DocxBody(archive, stylesOf(archive, part), new Numbering(archive, part));
  const main = await withInner(body.blocksOf(root, part), archive, part, aid);
  const folder = part.slice(0, part.lastIndexOf("/") + 1);
  const blocks = [
    ...marginsOf(body, part, "header"),
    ...main,
    ...notesOf(body, part, "footnotes", "w:footnote", ""),
    ...notesOf(body, part, "endnotes", "w:endnote", "e"),
    ...commentsOf(body, part),
    ...marginsOf(body, part, "footer"),
    ...(await readPictures(archive, `${folder}media/`, name, aid)),
  ];
  warnOfEmbedded(archive, `${folder}embeddings/`, name, aid);
  return { blocks, metadata: coreFactsOf(archive) };
}

/** Headers and footers of pages, once, however many sections repeat it. */
function marginsOf(body: DocxBody, part: string, type: "header" | "footer"): Block[] {
  const seen = new Set<string>();
  return relationsOfType(body.archive, part, type).flatMap(({ target }) => {
    const xml = body.archive.read(target);
    if (!xml) return [];
    const blocks = body.blocksOf(readXml(xml, target), target).map(asText);
    const key = JSON.stringify(blocks);
    // A page number says nothing where there are no pages.
    const isWorth = blocks.some((block) => !("text" in block) || /\p{L}/u.test(block.text));
    if (seen.has(key) || !isWorth) return [];
    seen.add(key);
    return blocks;
  });
}

/** A heading's style in a margin makes no section of the document. */
function asText(block: Block): Block {
  return block.kind === "heading" ? { kind: "paragraph", text: block.text } : block;
}

/** Under the numbers by which the text refers to them. */
function notesOf(body: DocxBody, part: string, type: string, element: string, letter: string): Block[] {
  return relationsOfType(body.archive, part, type).flatMap(({ target }) => {
    const xml = body.archive.read(target);
    const notes = xml ? find(readXml(xml, target), element) : [];
    return notes
      .filter(({ attributes }) => !/separator|continuation/i.test(attributes["w:type"] ?? ""))
      .flatMap((note) => noted(body, note, target, `[${letter}${note.attributes["w:id"] ?? ""}]`));
  });
}

function commentsOf(body: DocxBody, part: string): Block[] {
  return relationsOfType(body.archive, part, "comments").flatMap(({ target }) => {
    const xml = body.archive.read(target);
    const comments = xml ? find(readXml(xml, target), "w:comment") : [];
    return comments.flatMap((comment) => {
      const author = comment.attributes["w:author"]?.trim();
      return noted(body, comment, target, author ? `Comment (${author}):` : "Comment:");
    });
  });
}

function noted(body: DocxBody, node: XmlNode, part: string, mark: string): Block[] {
  const text = body
    .blocksOf(node, part)
    .map((block) => (block.kind === "table" ? block.rows.map((row) => row.join(" ")).join("\n") : block.text))
    .join("\n")
    .trim();
  return text === "" ? [] : [{ kind: "note", text: `${mark} ${text}` }];
}

/** Documents of other formats that stand in for a piece of this one, read where they stand. */
async function withInner(blocks: readonly Block[], archive: Archive, part: string, aid: ParseAid): Promise<Block[]> {
  const relations = relationsOf(archive, part);
  const whole: Block[] = [];
  for (const block of blocks) {
    if (block.kind !== "note" || !block.text.startsWith("\u0001")) {
      whole.push(block);
      continue;
    }
    const target = relations.get(block.text.slice(1))?.target ?? "";
    const bytes = archive.read(target);
    whole.push(...(bytes ? await innerBlocks(bytes, target, aid) : []));
    if (!bytes) aid.warn("PART_UNREAD", `A part of the document, "${target}", is not in the file.`, { count: 1 });
  }
  return whole;
}

async function innerBlocks(bytes: Uint8Array, target: string, aid: ParseAid): Promise<Block[]> {
  try {
    const inner = await aid.parseInner(bytes, target);
    if (inner) return [...inner.blocks];
    aid.warn("PART_UNREAD", `A part of the document, "${target}", is of a type that no parser supports.`, { count: 1 });
  } catch (error) {
    const code = error instanceof HeadwayError ? error.code : "MALFORMED_DOCUMENT";
    aid.warn("PART_UNREAD", `A part of the document, "${target}": ${code}: ${messageOf(error)}`, { count: 1 });
  }
  return [];
}
