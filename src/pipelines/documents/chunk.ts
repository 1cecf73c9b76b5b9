import { PermanentError } from "../../errors.js";
import type { ChunkDraft, DocumentStage } from "../pipeline.js";
import type { DocumentsOptions } from "./options.js";
import type { ParseOutput } from "./parse.js";

/** Cuts the text into chunks of at most `chunkSize` characters, headings and paragraphs kept together. */
export const chunkStage: DocumentStage = {
  name: "chunk",
  run: async (ctx) => {
    const { characters, pageStarts } = ctx.input as ParseOutput;
    const text = await ctx.stagedText();
    if (text === null)
      throw new PermanentError("NO_TEXT", `No text of ${ctx.document.name} is staged; run it from its first stage.`);
    const chunks = chunksOf(text, (ctx.options as DocumentsOptions).chunkSize, pageStarts);
    await ctx.chunks.replace(chunks);
    return { characters, chunks: chunks.length };
  },
  check: ({ chunks }: { chunks: number }, staged) => {
    if (chunks !== staged.chunks) throw new Error(`${staged.chunks} of ${chunks} chunks are staged`);
  },
};

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Chunks in the order of the text, none longer than `maxLength`, each the exact slice from startOffset to endOffset.
 * Every character that is no white space is in exactly one. A heading begins a chunk; a paragraph is broken only when
 * it does not fit one, at a line, else a sentence, else a word, else anywhere but within a surrogate pair. A chunk never
 * goes over a page's end.
 */
export function chunksOf(text: string, maxLength: number, pageStarts: readonly number[] = []): ChunkDraft[] {
  const chunks: ChunkDraft[] = [];
  let open: Span | null = null;
  const close = (): void => {
    if (open)
      chunks.push({
        ordinal: chunks.length,
        text: text.slice(open.start, open.end),
        page: pageAt(pageStarts, open.start),
        startOffset: open.start,
        endOffset: open.end,
      });
    open = null;
  };
  for (const block of blocksOf(text, pageStarts)) {
    for (const piece of piecesOf(text, block, maxLength)) {
      const current: Span | null = open;
      const fits =
        current !== null &&
        piece.end - current.start <= maxLength &&
        pageAt(pageStarts, current.start) === pageAt(pageStarts, piece.start);
      if (!fits || isHeading(text, piece)) close();
      const still = open as Span | null;
      open = { start: still?.start ?? piece.start, end: piece.end };
    }
  }
  close();
  return chunks;
}

/** Paragraphs: what stands between blank lines and page ends, white space at both ends left out. */
function* blocksOf(text: string, pageStarts: readonly number[]): Iterable<Span> {
  const ends = [...pageStarts.filter((start) => start > 0), text.length];
  let from = 0;
  for (const pageEnd of ends) {
    for (const match of text.slice(from, pageEnd).matchAll(/\S(?:[\s\S]*?)(?=\s*\n\s*\n|\s*$)/g)) {
      yield { start: from + match.index, end: from + match.index + match[0].length };
    }
    from = pageEnd;
  }
}

/** The block itself, or the fewest natural pieces of it that fit. */
function* piecesOf(text: string, block: Span, maxLength: number): Iterable<Span> {
  let { start } = block;
  while (block.end - start > maxLength) {
    const end = start + cutAt(text.slice(start, start + maxLength));
    yield trimmed(text, { start, end });
    start = end;
    while (start < block.end && /\s/.test(text[start]!)) start += 1;
  }
  if (start < block.end) yield { start, end: block.end };
}

/** Where to cut a window that is full: behind a line, a sentence or a word in its second half, else at its end. */
function cutAt(window: string): number {
  for (const boundary of [/\n/g, /[.!?…。]["'”’)]*\s/g, /\s/g]) {
    const last = [...window.matchAll(boundary)].at(-1);
    if (last && last.index + last[0].length > window.length / 2) return last.index + last[0].length;
  }
  const code = window.charCodeAt(window.length - 1);
  return code >= 0xd800 && code <= 0xdbff && window.length > 1 ? window.length - 1 : window.length;
}

function trimmed(text: string, { start, end }: Span): Span {
  while (end > start && /\s/.test(text[end - 1]!)) end -= 1;
  return { start, end };
}

/** A Markdown heading, or a short line by itself without a full stop. */
function isHeading(text: string, { start, end }: Span): boolean {
  if (end - start > 120) return false;
  const line = text.slice(start, end);
  return (
    /^#{1,6}\s/.test(line) ||
    (!line.includes("\n") &&
      !/[.,;:!?]$/.test(line) &&
      /^[\p{Lu}\d]/u.test(line) &&
      line.length > 2 &&
      line.split(/\s+/).length <= 12)
  );
}

/** From 1; null where there are no pages. */
function pageAt(pageStarts: readonly number[], offset: number): number | null {
  let [low, high] = [0, pageStarts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pageStarts[middle]! <= offset) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : low;
}
