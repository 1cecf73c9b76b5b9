import type { Block } from "../blocks/block.js";
import { picturesIn } from "./blips.js";
import { openCompound } from "./compound.js";
import { summaryFactsOf } from "./compound-facts.js";
import { openDoc, plcOf, type DocFile } from "./doc-file.js";
import { hasBlankPages } from "./doc-properties.js";
import { DocText, type MarkOf } from "./doc-text.js";
import type { ParseAid, Parsed } from "./parsed.js";
import { picturesRead } from "./pictures.js";

/** Of the six texts that a section has for the top and the foot of its pages, which are for the foot. */
const FEET: ReadonlySet<number> = new Set([2, 3, 5]);
/** Before the first section's stand six that part notes from the text. */
const SEPARATORS = 6;

/** A Word 97–2003 document: headers once, the body, text boxes, notes and comments, footers once, then the text in pictures. */
export async function parseDoc(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const compound = openCompound(bytes, name, aid);
  const file = openDoc(compound, name, aid);
  const { texts } = file;
  const text = new DocText(file, compound.read("Data") ?? Buffer.alloc(0));
  const footnotes = texts.main;
  const headers = footnotes + texts.footnotes;
  const comments = headers + texts.headers + texts.macros;
  const endnotes = comments + texts.comments;
  const boxes = endnotes + texts.endnotes;
  const margins = marginsOf(file, text, headers);
  const blocks: Block[] = [];
  const add = (more: readonly Block[]): void => {
    for (const block of more) blocks.push(block);
  };
  add(margins.headers);
  add(text.blocks(0, texts.main, marksOf(file)));
  if (texts.boxes > 0) add(text.blocks(boxes, boxes + texts.boxes));
  const headerBoxes = boxes + texts.boxes;
  if (texts.headerBoxes > 0) add(text.blocks(headerBoxes, headerBoxes + texts.headerBoxes));
  add(notesOf(text, plcOf(file.structure(0xb2), 0).places, footnotes, (index) => `[${index + 1}]`));
  add(notesOf(text, plcOf(file.structure(0x212), 0).places, endnotes, (index) => `[e${index + 1}]`));
  const authors = authorsOf(file);
  add(
    notesOf(text, plcOf(file.structure(0xc2), 0).places, comments, (index) =>
      authors[index] ? `Comment (${authors[index]}):` : "Comment:",
    ),
  );
  add(margins.footers);
  add(await picturesRead(picturesIn(compound.read("Data"), compound.read("WordDocument")), name, aid));
  if (text.lost > 0) {
    aid.warn("PART_UNREAD", `${text.lost} letters that ${name} says it has lie nowhere in it.`, { count: text.lost });
  }
  if (hasBlankPages(file)) {
    aid.warn("PART_UNREAD", `${name} is damaged: what is a heading, a table or hidden is not known of all of it.`, {
      count: 1,
    });
  }
  const embedded = compound.entries.filter(
    ({ path, isStorage }) => isStorage && /^ObjectPool\/[^/]+$/.test(path),
  ).length;
  if (embedded > 0) {
    aid.warn("EMBEDDED_FILES_UNREAD", `${name} holds ${embedded} objects that were not read.`, { count: embedded });
  }
  return { blocks, metadata: summaryFactsOf(compound) };
}

/** The numbers of notes where the text refers to them; which are at the end, their places tell. */
function marksOf(file: DocFile): MarkOf {
  const numbered = (offset: number, recordBytes: number, letter: string): (readonly [number, string])[] =>
    plcOf(file.structure(offset), recordBytes)
      .places.slice(0, -1)
      .map((place, index) => [place, `[${letter}${index + 1}]`] as const);
  const notes = new Map([...numbered(0xaa, 2, ""), ...numbered(0x20a, 2, "e")]);
  return (kind, place) => (kind === "note" ? (notes.get(place) ?? "") : "");
}

function notesOf(text: DocText, places: readonly number[], first: number, markOf: (index: number) => string): Block[] {
  // The last two places are the end of the last note and that of the text.
  return places.slice(0, -2).flatMap((place, index): Block[] => {
    const blocks = text.blocks(first + place, first + places[index + 1]!);
    const said = blocks.map((block) => ("text" in block ? block.text : block.rows.flat().join(" "))).join("\n");
    return said.trim() === "" ? [] : [{ kind: "note", text: `${markOf(index)} ${said.trim()}` }];
  });
}

function marginsOf(file: DocFile, text: DocText, first: number): { headers: Block[]; footers: Block[] } {
  const found = { headers: new Map<string, readonly Block[]>(), footers: new Map<string, readonly Block[]>() };
  const { places } = plcOf(file.structure(0xf2), 0);
  for (let index = SEPARATORS; index + 1 < places.length; index += 1) {
    const [from, to] = [places[index]!, places[index + 1]!];
    if (to <= from || to > file.texts.headers) continue;
    const blocks = text
      .blocks(first + from, first + to)
      .map((one): Block => (one.kind === "heading" ? { kind: "paragraph", text: one.text } : one));
    // A page number says nothing where there are no pages.
    if (!blocks.some((block) => !("text" in block) || /\p{L}/u.test(block.text))) continue;
    const side = FEET.has((index - SEPARATORS) % 6) ? found.footers : found.headers;
    side.set(JSON.stringify(blocks), blocks);
  }
  return { headers: [...found.headers.values()].flat(), footers: [...found.footers.values()].flat() };
}

/** Who wrote each comment, in the comments' order. */
function authorsOf(file: DocFile): string[] {
  const names: string[] = [];
  const list = file.structure(0x1ba);
  for (let at = 0; at + 2 <= list.length;) {
    const length = list.readUInt16LE(at) * 2;
    names.push(list.toString("utf16le", at + 2, at + 2 + length));
    at += 2 + length;
  }
  return plcOf(file.structure(0xba), 30).records.map((record) => names[record.readUInt16LE(20)]?.trim() ?? "");
}
