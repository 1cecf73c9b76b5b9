import type { ChunkKind } from "../../../model/chunk-kinds.js";
import type { ChunkDraft } from "../../pipeline.js";
import { atomsOf, type Atom } from "./atoms.js";
import type { Piece } from "./write.js";

/** From this share of the size on, a chunk ends where a section, a page or a table does. */
const ENOUGH = 0.4;
/** An end of less than this share of the size takes something over from the chunk before it. */
const TOO_LITTLE = 0.25;
const MAX_PATH_LENGTH = 300;
const MAX_HEAD_LENGTH = 500;

/** The headings above a place in the text, by their levels. */
type Path = readonly { readonly level: number; readonly title: string }[];

/**
 * Chunks in the order of the text, none longer than `maxLength`, each the exact slice from startOffset to endOffset. Every
 * character that is no white space is in exactly one. A heading stays with what follows it; short pieces are packed
 * together; tables are cut between rows; a slide, and a part such as an attachment, never share a chunk with another.
 */
export function packChunks(text: string, pieces: readonly Piece[], maxLength: number): ChunkDraft[] {
  const chunks: ChunkDraft[] = [];
  let path: Path = [];
  for (const room of roomsOf(atomsOf(text, pieces, maxLength))) {
    for (const atoms of fill(room, maxLength)) {
      chunks.push({ ordinal: chunks.length, ...chunkOf(text, atoms, path) });
      for (const { piece, continues } of atoms) {
        if (piece.kind === "heading" && !continues) path = below(path, piece, titleOf(text, piece));
      }
    }
  }
  return chunks;
}

/** What may share chunks: a slide, a part, or all of a document that has neither. */
function* roomsOf(atoms: Iterable<Atom>): Iterable<Atom[]> {
  let room: Atom[] = [];
  for (const atom of atoms) {
    const before = room.at(-1)?.piece;
    const leaves =
      before !== undefined &&
      (before.part !== atom.piece.part || ((before.isSlide || atom.piece.isSlide) && before.page !== atom.piece.page));
    if (leaves) {
      yield room;
      room = [];
    }
    room.push(atom);
  }
  if (room.length > 0) yield room;
}

function fill(room: readonly Atom[], maxLength: number): Atom[][] {
  const filled: Atom[][] = [];
  let open: Atom[] = [];
  for (const atom of room) {
    if (open.length > 0 && endsBefore(open, atom, maxLength)) {
      const carried = trailingHeadings(open, atom, maxLength);
      filled.push(open.slice(0, open.length - carried.length));
      open = carried;
    }
    open.push(atom);
  }
  if (open.length > 0) filled.push(open);
  topUp(filled, maxLength);
  return filled.filter((atoms) => atoms.length > 0);
}

function endsBefore(open: readonly Atom[], atom: Atom, maxLength: number): boolean {
  const [first, last] = [open[0]!, open.at(-1)!];
  if (atom.end - first.start > maxLength) return true;
  const isOnlyHeadings = open.every(({ piece }) => piece.kind === "heading");
  if (isOnlyHeadings || last.end - first.start < maxLength * ENOUGH) return false;
  const isSection = atom.piece.kind === "heading" && last.piece.kind !== "heading";
  return isSection || last.piece.page !== atom.piece.page;
}

/**
 * Headings at the end of a chunk that is to end: they go along with what follows, where both fit one chunk. One that has
 * another of its level below it is above an empty section, and stays.
 */
function trailingHeadings(open: readonly Atom[], next: Atom, maxLength: number): Atom[] {
  let count = 0;
  let below = next.piece.kind === "heading" ? next.piece.level : Infinity;
  while (count < open.length - 1) {
    const { piece } = open.at(-1 - count)!;
    if (piece.kind !== "heading" || piece.level >= below) break;
    below = piece.level;
    count += 1;
  }
  const carried = open.slice(open.length - count);
  while (carried.length > 0 && next.end - carried[0]!.start > maxLength) carried.shift();
  return carried;
}

/** A last chunk that is a scrap joins the one before it, or takes over its last atoms. */
function topUp(filled: Atom[][], maxLength: number): void {
  const [before, last] = [filled.at(-2), filled.at(-1)];
  if (!before || !last) return;
  const lengthOf = (atoms: readonly Atom[]): number => atoms.at(-1)!.end - atoms[0]!.start;
  if (lengthOf(last) >= maxLength * TOO_LITTLE) return;
  if (last.at(-1)!.end - before[0]!.start <= maxLength) {
    before.push(...filled.pop()!);
    return;
  }
  while (before.length > 1) {
    const moved = before.at(-1)!;
    const isBetter = last.at(-1)!.end - moved.start <= Math.min(maxLength, lengthOf(before));
    if (!isBetter) break;
    last.unshift(before.pop()!);
  }
}

function chunkOf(text: string, atoms: readonly Atom[], path: Path): Omit<ChunkDraft, "ordinal"> {
  const [first, last] = [atoms[0]!, atoms.at(-1)!];
  // A chunk that begins with a heading holds it: above it are only those of higher levels.
  const above =
    first.piece.kind === "heading" && !first.continues ? path.filter(({ level }) => level < first.piece.level) : path;
  const headings = above.map(({ title }) => title);
  const { headEnd, start } = first.piece;
  const tableHead = first.continues && headEnd !== null ? text.slice(start, headEnd).slice(0, MAX_HEAD_LENGTH) : "";
  const context = [headings.join(" > ").slice(0, MAX_PATH_LENGTH), tableHead].filter((one) => one !== "").join("\n");
  return {
    text: text.slice(first.start, last.end),
    page: first.piece.page,
    pageEnd: last.piece.page,
    startOffset: first.start,
    endOffset: last.end,
    headings,
    context: context === "" ? null : context,
    part: first.piece.part,
    kind: kindOf(atoms),
  };
}

/** What all but its headings are; text where it is mixed. */
function kindOf(atoms: readonly Atom[]): ChunkKind {
  const kinds = new Set(atoms.map(({ piece }) => piece.kind).filter((kind) => kind !== "heading"));
  if (kinds.size !== 1) return "TEXT";
  const [kind] = kinds;
  return kind === "table" ? "TABLE" : kind === "code" ? "CODE" : kind === "item" ? "LIST" : "TEXT";
}

function below(path: Path, { level }: Piece, title: string): Path {
  return title === "" ? path : [...path.filter((one) => one.level < level), { level, title }];
}

function titleOf(text: string, { start, end }: Piece): string {
  return text
    .slice(start, end)
    .replace(/^#{1,6}\s+|\n[=-]+\s*$|\s+#+\s*$/g, "")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 200);
}
