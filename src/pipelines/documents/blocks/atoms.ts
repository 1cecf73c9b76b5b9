import type { Piece } from "./write.js";

/** What chunks are made of: a stretch of text that stays whole, never longer than a chunk may be. */
export interface Atom {
  readonly start: number;
  readonly end: number;
  readonly piece: Piece;
  /** Whether it goes on with what the atom before began, such as the next row of a table. */
  readonly continues: boolean;
}

/**
 * The text as atoms, in order: whole pieces where they fit; else rows of tables, lines of lists and code, sentences of
 * paragraphs. What no piece covers is cut as paragraphs. Every character that is no white space is in exactly one.
 */
export function* atomsOf(text: string, pieces: readonly Piece[], maxLength: number): Iterable<Atom> {
  let reached = 0;
  for (const piece of pieces) {
    if (piece.start < reached || piece.end > text.length || piece.end <= piece.start) continue;
    yield* plainAtoms(text, reached, piece.start, maxLength);
    yield* atomsOfPiece(text, piece, maxLength);
    reached = piece.end;
  }
  yield* plainAtoms(text, reached, text.length, maxLength);
}

function* plainAtoms(text: string, from: number, to: number, maxLength: number): Iterable<Atom> {
  for (const match of text.slice(from, to).matchAll(/\S(?:[\s\S]*?)(?=\s*\n[^\S\n]*\n|\s*$)/g)) {
    const start = from + match.index;
    const piece = { ...PLAIN, start, end: start + match[0].length };
    yield* atomsOfPiece(text, piece, maxLength);
  }
}

const PLAIN = { kind: "text", level: 0, page: null, isSlide: false, part: null, headEnd: null } as const;

function* atomsOfPiece(text: string, piece: Piece, maxLength: number): Iterable<Atom> {
  const byLine = piece.kind === "table" || piece.kind === "lines" || piece.kind === "code";
  let continues = false;
  const spans =
    byLine && piece.end - piece.start > maxLength ? linesOf(text, piece, maxLength) : [trimmed(text, piece)];
  for (const line of spans) {
    for (const span of sentencesOf(text, line, maxLength)) {
      yield { ...span, piece, continues };
      continues = true;
    }
  }
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Its lines. The rows that name the columns stay together with the first row below them, where they all fit. */
function linesOf(text: string, piece: Piece, maxLength: number): Span[] {
  const lines: Span[] = [];
  const headEnd = piece.headEnd ?? piece.start;
  for (const match of text.slice(piece.start, piece.end).matchAll(/[^\n]+/g)) {
    const start = piece.start + match.index;
    const span = trimmed(text, { start, end: start + match[0].length });
    if (span.end <= span.start) continue;
    const last = lines.at(-1);
    const joinsHead = last && last.end <= headEnd && span.end - last.start <= maxLength;
    if (joinsHead) lines[lines.length - 1] = { start: last.start, end: span.end };
    else lines.push(span);
  }
  return lines;
}

/** The span itself, or the fewest natural pieces of it that fit, of like lengths. */
function* sentencesOf(text: string, span: Span, maxLength: number): Iterable<Span> {
  let { start } = span;
  while (span.end - start > maxLength) {
    const left = span.end - start;
    const even = Math.min(maxLength, Math.ceil((left / Math.ceil(left / maxLength)) * 1.15));
    const end = start + cutAt(text.slice(start, start + even));
    const cut = trimmed(text, { start, end });
    if (cut.end > cut.start) yield cut;
    start = end;
    while (start < span.end && /\s/.test(text[start]!)) start += 1;
  }
  if (start < span.end) yield { start, end: span.end };
}

/** Where to cut a window that is full: behind a line, a sentence or a word in its second half, else at its end. */
function cutAt(window: string): number {
  for (const boundary of [/\n/g, /[.!?…。！？]["'”’)]*(?:\s|(?<=[。！？]["'”’)]*))/g, /\s/g]) {
    const last = [...window.matchAll(boundary)].at(-1);
    if (last && last.index + last[0].length > window.length / 2) return last.index + last[0].length;
  }
  const code = window.charCodeAt(window.length - 1);
  return code >= 0xd800 && code <= 0xdbff && window.length > 1 ? window.length - 1 : window.length;
}

function trimmed(text: string, { start, end }: Span): Span {
  while (end > start && /\s/.test(text[end - 1]!)) end -= 1;
  while (start < end && /\s/.test(text[start]!)) start += 1;
  return { start, end };
}
