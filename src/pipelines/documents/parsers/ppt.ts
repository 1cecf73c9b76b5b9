import { PermanentError } from "../../../errors.js";
import type { Block, BlockPlace } from "../blocks/block.js";
import { encrypted } from "./archive.js";
import { picturesIn } from "./blips.js";
import { textInCodePage } from "./code-pages.js";
import { openCompound } from "./compound.js";
import { summaryFactsOf } from "./compound-facts.js";
import type { ParseAid, Parsed } from "./parsed.js";
import { picturesRead } from "./pictures.js";
import { findRecords, recordAt, recordsIn } from "./ppt-records.js";

const MAX_SLIDES = 5_000;
/** Intact files have each byte in one slide; the notes of a slide may be asked for again. */
const MAX_READ_SHARE = 4;
/** Kinds of text, by what PowerPoint calls them in a record before it. */
const TITLES: ReadonlySet<number> = new Set([0, 6]);
const BODIES: ReadonlySet<number> = new Set([1, 5, 7, 8]);
const TYPE = {
  document: 0x03e8,
  slide: 0x03ee,
  slideAtom: 0x03ef,
  show: 0x03f9,
  list: 0x0ff0,
  persist: 0x03f3,
  head: 0x0f9f,
  wide: 0x0fa0,
  narrow: 0x0fa8,
  reference: 0x0f9e,
  drawing: 0x040c,
  shape: 0xf004,
  box: 0xf00d,
  number: 0x0fd8,
  comment: 0x2ee0,
  string: 0x0fba,
  embedded: 0x0fcc,
  linked: 0x0fce,
  control: 0x0fee,
  edit: 0x0ff5,
  directory: 0x1772,
} as const;

interface SlideText {
  readonly kind: number;
  readonly text: string;
}
/** A slide as the document lists it, with the texts of its outline. */
interface ListedSlide {
  readonly reference: number;
  readonly id: number;
  readonly texts: SlideText[];
}

/** A PowerPoint 97–2003 presentation slide by slide: its title, what stands on it, then notes and comments. */
export async function parsePpt(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const compound = openCompound(bytes, name, aid);
  const stream = compound.read("PowerPoint Document");
  const user = compound.read("Current User");
  if (!stream || !user || user.length < 20) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no presentation inside; send an intact copy.`);
  }
  const places = placesOf(stream, user.readUInt32LE(16), name);
  const document = places.document === undefined ? null : recordAt(stream, places.document);
  if (document?.type !== TYPE.document) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no presentation inside; send an intact copy.`);
  }
  const lists = new Map(
    [...recordsIn(document.content)].filter(({ type }) => type === TYPE.list).map((one) => [one.instance, one]),
  );
  const all = listed(lists.get(0)?.content ?? Buffer.alloc(0));
  // A slide that is listed over and over would be read as often.
  const slides = [...new Map(all.map((one) => [one.reference, one])).values()];
  if (slides.length > MAX_SLIDES) {
    throw new PermanentError(
      "RESOURCE_LIMIT",
      `${name} has ${slides.length} slides; the limit is ${MAX_SLIDES}. Split it.`,
    );
  }
  const notes = new Map(listed(lists.get(2)?.content ?? Buffer.alloc(0)).map((one) => [one.id, one]));
  // Slides that lie in one another would be read over and over.
  let [taken, lost] = [0, 0];
  const contentOf = (reference: number): Buffer => {
    const at = places.objects.get(reference);
    const record = at === undefined ? null : recordAt(stream, at);
    if (record === null || record.isCut) lost += 1;
    taken += record?.content.length ?? 0;
    if (taken > stream.length * MAX_READ_SHARE) {
      throw new PermanentError("MALFORMED_DOCUMENT", `The slides of ${name} share their parts; send an intact copy.`);
    }
    return record?.content ?? Buffer.alloc(0);
  };
  const blocks = slides.flatMap((slide, index) => {
    const content = contentOf(slide.reference);
    const noted = notes.get(notesIdOf(content));
    const said = noted ? textsOf(contentOf(noted.reference), noted).filter(({ kind }) => kind === 2) : [];
    return slideBlocks(content, slide, said, { page: index + 1, isSlide: true });
  });
  blocks.push(...(await picturesRead(picturesIn(compound.read("Pictures")), name, aid)));
  if (lost > 0) {
    aid.warn("PART_UNREAD", `${lost} slides or notes of ${name} break off or are not there.`, { count: lost });
  }
  const embedded = findRecords(document.content, [TYPE.embedded, TYPE.linked, TYPE.control]).length;
  if (embedded > 0) {
    aid.warn("EMBEDDED_FILES_UNREAD", `${name} holds ${embedded} objects that were not read.`, { count: embedded });
  }
  return { blocks, metadata: { pages: slides.length, ...summaryFactsOf(compound) } };
}

/** Where the objects of the last saving are; each saving lists what it changed, and where the one before is. */
function placesOf(stream: Buffer, last: number, name: string): { document?: number; objects: Map<number, number> } {
  const objects = new Map<number, number>();
  let document: number | undefined;
  const seen = new Set<number>();
  for (let at = last; !seen.has(at);) {
    seen.add(at);
    const edit = recordAt(stream, at);
    if (edit?.type !== TYPE.edit || edit.content.length < 20) break;
    if (edit.content.length >= 32) throw encrypted(name);
    document ??= edit.content.readUInt32LE(16);
    const list = recordAt(stream, edit.content.readUInt32LE(12))?.content ?? Buffer.alloc(0);
    for (let from = 0; from + 4 <= list.length;) {
      const head = list.readUInt32LE(from);
      const [first, count] = [head & 0xfffff, head >>> 20];
      for (let index = 0; index < count && from + 8 + index * 4 <= list.length; index += 1) {
        if (!objects.has(first + index)) objects.set(first + index, list.readUInt32LE(from + 4 + index * 4));
      }
      from += 4 + count * 4;
    }
    at = edit.content.readUInt32LE(8);
  }
  const place = document === undefined ? undefined : objects.get(document);
  return { objects, ...(place === undefined ? {} : { document: place }) };
}

function listed(content: Buffer): ListedSlide[] {
  const slides: ListedSlide[] = [];
  let kind = 4;
  for (const record of recordsIn(content)) {
    if (record.type === TYPE.persist && record.content.length >= 16) {
      slides.push({ reference: record.content.readUInt32LE(0), id: record.content.readUInt32LE(12), texts: [] });
    } else if (record.type === TYPE.head && record.content.length >= 4) {
      kind = record.content.readUInt32LE(0);
      slides.at(-1)?.texts.push({ kind, text: "" });
    } else if (record.type === TYPE.wide || record.type === TYPE.narrow) {
      const texts = slides.at(-1)?.texts;
      if (texts && texts.length > 0) texts[texts.length - 1] = { kind, text: lettersOf(record.type, record.content) };
    }
  }
  return slides;
}

function lettersOf(type: number, content: Buffer): string {
  return type === TYPE.wide ? content.toString("utf16le") : textInCodePage(content, 1_252);
}

function notesIdOf(slide: Buffer): number {
  const atom = [...recordsIn(slide)].find(({ type }) => type === TYPE.slideAtom);
  return atom && atom.content.length >= 20 ? atom.content.readUInt32LE(16) : 0;
}

/** The texts of the shapes, in the order in which they stand in the file; those of the outline by their number in it. */
function textsOf(slide: Buffer, { texts }: ListedSlide): SlideText[] {
  const shapes = findRecords(slide, [TYPE.drawing]).flatMap(({ content }) => findRecords(content, [TYPE.shape]));
  return shapes.flatMap(({ content }) =>
    findRecords(content, [TYPE.box]).flatMap((box) => {
      const inside = [...recordsIn(box.content)];
      let kind = 4;
      const found: SlideText[] = [];
      for (const { type, content: inner } of inside) {
        if (type === TYPE.head && inner.length >= 4) kind = inner.readUInt32LE(0);
        else if (type === TYPE.reference && inner.length >= 4) {
          const text = texts[inner.readUInt32LE(0)];
          if (text) found.push(text);
        } else if (type === TYPE.wide || type === TYPE.narrow) found.push({ kind, text: lettersOf(type, inner) });
      }
      // A star stands where the number of the slide is drawn.
      const isNumber = inside.some(({ type }) => type === TYPE.number);
      return isNumber ? found.filter(({ text }) => text.replaceAll("*", "").trim() !== "") : found;
    }),
  );
}

function slideBlocks(content: Buffer, slide: ListedSlide, notes: readonly SlideText[], place: BlockPlace): Block[] {
  const found = textsOf(content, slide);
  // What the outline has and no shape shows stands on a slide that was laid out anew.
  const texts = found.length > 0 ? found : slide.texts;
  const title = texts.find(({ kind, text }) => TITLES.has(kind) && linesOf(text).length > 0);
  const show = findRecords(content, [TYPE.show])[0]?.content;
  const isHidden = show !== undefined && show.length >= 12 && (show.readUInt16LE(10) & 4) !== 0;
  const head = title ? linesOf(title.text).join(" ") : "";
  const heading = isHidden ? `${head} (hidden slide)`.trim() : head;
  const said = notes.flatMap(({ text }) => linesOf(text)).join("\n");
  return [
    ...(heading === "" ? [] : [{ kind: "heading", level: 2, text: heading, ...place } as Block]),
    ...texts.filter((one) => one !== title).flatMap(({ kind, text }) => shapeBlocks(kind, linesOf(text), place)),
    ...(said === "" ? [] : [{ kind: "note", text: `Notes: ${said}`, ...place } as Block]),
    ...commentsOf(content, place),
  ];
}

function shapeBlocks(kind: number, lines: readonly string[], place: BlockPlace): Block[] {
  if (lines.length === 0) return [];
  if (!BODIES.has(kind) || lines.length === 1) return [{ kind: "paragraph", text: lines.join("\n"), ...place }];
  return lines.map((text): Block => ({ kind: "item", marker: "-", depth: 0, text, ...place }));
}

function commentsOf(slide: Buffer, place: BlockPlace): Block[] {
  return findRecords(slide, [TYPE.comment]).flatMap(({ content }): Block[] => {
    const strings = new Map(
      [...recordsIn(content)]
        .filter(({ type }) => type === TYPE.string)
        .map(({ instance, content: text }) => [instance, text.toString("utf16le").trim()]),
    );
    const [author, text] = [strings.get(0), strings.get(1)];
    return text ? [{ kind: "note", text: `Comment${author ? ` (${author})` : ""}: ${text}`, ...place }] : [];
  });
}

function linesOf(text: string): string[] {
  return text
    .split("\r")
    .map((line) =>
      line
        .replace(/\u000b/g, "\n")
        .replace(/[^\S\n\t]+/g, " ")
        .trim(),
    )
    .filter((line) => line !== "");
}
