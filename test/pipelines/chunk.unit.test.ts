import fc from "fast-check";
import type { Block } from "../../src/pipelines/documents/blocks/block.js";
import { packOutline, unpackOutline } from "../../src/pipelines/documents/blocks/outline.js";
import { packChunks } from "../../src/pipelines/documents/blocks/pack.js";
import { write } from "../../src/pipelines/documents/blocks/write.js";
import type { ChunkDraft } from "../../src/pipelines/pipeline.js";

const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
const gaps = fc.constantFrom(" ", "\n", "\n\n", "\n \n", ". ", "\t", "\n# ", "");
const texts = fc
  .array(fc.tuple(words, gaps), { maxLength: 40 })
  .map((parts) => parts.map(([word, gap]) => word + gap).join(""));
const pages = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined });
const parts = fc.option(fc.constantFrom("a.pdf", "b.pdf"), { nil: undefined });
const blocks: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ kind: fc.constant("heading" as const), level: fc.integer({ min: 1, max: 6 }), text: words, page: pages }),
  fc.record({
    kind: fc.constantFrom("paragraph" as const, "lines" as const, "code" as const),
    text: texts,
    page: pages,
  }),
  fc.record({
    kind: fc.constant("item" as const),
    text: texts,
    marker: fc.constantFrom("-", "1.", "(a)"),
    depth: fc.integer({ min: 0, max: 3 }),
    part: parts,
  }),
  fc.record({
    kind: fc.constant("table" as const),
    rows: fc.array(fc.array(words, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
    headRows: fc.integer({ min: 0, max: 1 }),
    part: parts,
  }),
);

/** The chunks as the pipeline makes them: by way of the packed outline. */
function chunksOf(list: readonly Block[], maxLength: number): { text: string; chunks: ChunkDraft[] } {
  const { text, pieces } = write(list);
  return { text, chunks: packChunks(text, unpackOutline(packOutline(pieces)), maxLength) };
}

function assertWhole(text: string, chunks: readonly ChunkDraft[], maxLength: number): void {
  let reached = 0;
  for (const [index, chunk] of chunks.entries()) {
    expect(chunk.ordinal).toBe(index);
    expect(chunk.text).toBe(text.slice(chunk.startOffset, chunk.endOffset));
    expect(chunk.text.length).toBeGreaterThan(0);
    expect(chunk.text.length).toBeLessThanOrEqual(maxLength);
    expect(text.slice(reached, chunk.startOffset).trim()).toBe("");
    reached = chunk.endOffset;
  }
  expect(text.slice(reached).trim()).toBe("");
}

const paragraph = (text: string, more: Partial<Block> = {}): Block => ({ kind: "paragraph", text, ...more }) as Block;
const heading = (text: string, level = 1): Block => ({ kind: "heading", level, text });

describe("chunks", () => {
  test("keep every character that is no white space in exactly one, in order, none longer than asked", () => {
    fc.assert(
      fc.property(fc.array(blocks, { maxLength: 10 }), fc.integer({ min: 2, max: 300 }), (list, maxLength) => {
        const { text, chunks } = chunksOf(list, maxLength);
        assertWhole(text, chunks, maxLength);
      }),
      { numRuns: 300 },
    );
  });

  test("are as whole where nothing is known of the structure", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 200 }), (text, maxLength) => {
        assertWhole(text, packChunks(text, [], maxLength), maxLength);
      }),
    );
  });

  test("come out of a packed outline as they went in", () => {
    fc.assert(
      fc.property(fc.array(blocks, { maxLength: 30 }), (list) => {
        const { pieces } = write(list);
        expect(unpackOutline(packOutline(pieces))).toEqual(pieces);
      }),
    );
  });

  test("never cut a character in two", () => {
    for (const { text } of chunksOf([paragraph("😀".repeat(500))], 7).chunks) expect(text).toMatch(/^(😀)+$/u);
  });

  test("of headings without a text below them are packed as well, and the last ones stay with the text that comes", () => {
    const headings = Array.from({ length: 200 }, (_, n) => heading(`Section ${n}`, 2));
    const { chunks } = chunksOf(
      [...headings, heading("Part", 1), heading("Last", 2), paragraph("Words. ".repeat(60))],
      500,
    );
    expect(chunks.slice(0, -2).filter((chunk) => chunk.text.length < 250)).toEqual([]);
    expect(chunks.at(-1)!.text).toMatch(/^# Part\n\n## Last\n\nWords\./);
  });

  test("keep a heading with what follows it, and name the headings above", () => {
    const long = "A sentence of the section. ".repeat(30);
    const { chunks } = chunksOf(
      [heading("Report"), heading("One", 2), paragraph(long), heading("Two", 2), paragraph(long), paragraph(long)],
      1_000,
    );
    expect(chunks.map(({ text }) => text.slice(0, 16))).toEqual([
      "# Report\n\n## One",
      "## Two\n\nA senten",
      "A sentence of th",
    ]);
    expect(chunks.map(({ context }) => context)).toEqual([null, "Report", "Report > Two"]);
    expect(chunks[2]!.headings).toEqual(["Report", "Two"]);
  });

  test("pack short sections, short lines and list items together", () => {
    const items = Array.from({ length: 12 }, (_, index): Block => ({
      kind: "item",
      marker: "-",
      depth: 0,
      text: `Point ${index}`,
    }));
    const { chunks } = chunksOf([heading("One"), paragraph("Short."), heading("Two"), ...items], 1_000);
    expect(chunks).toHaveLength(1);
  });

  test("hold a slide each, however short", () => {
    const slides = [1, 2].flatMap((page): Block[] => [
      { kind: "heading", level: 2, text: `Slide ${page}`, page, isSlide: true },
      { kind: "item", marker: "-", depth: 0, text: "A point", page, isSlide: true },
    ]);
    expect(chunksOf(slides, 1_000).chunks.map(({ page, text }) => [page, text])).toEqual([
      [1, "## Slide 1\n\n- A point"],
      [2, "## Slide 2\n\n- A point"],
    ]);
  });

  test("cut a table between its rows, and say again in their context what the columns are", () => {
    const rows = [
      ["Name", "Amount"],
      ...Array.from({ length: 40 }, (_, index) => [`Customer ${index}`, `${index}.50`]),
    ];
    const { chunks } = chunksOf([heading("Sums"), { kind: "table", rows, headRows: 1 }], 300);
    expect(chunks.length).toBeGreaterThan(2);
    for (const chunk of chunks.slice(1)) {
      expect(chunk.text).toMatch(/^\| Customer \d+ \| [\d.]+ \|(\n\| Customer \d+ \| [\d.]+ \|)*$/);
      expect(chunk).toMatchObject({ kind: "TABLE", context: "Sums\n| Name | Amount |\n| --- | --- |" });
    }
  });

  test("name the page they begin on and the one they end on, and don't mix attachments", () => {
    const { chunks } = chunksOf(
      [
        paragraph("Short.", { page: 1 }),
        paragraph("On the next page.", { page: 2 }),
        paragraph("In an attachment.", { page: 1, part: "a.pdf" }),
      ],
      1_000,
    );
    expect(chunks.map(({ page, pageEnd, part }) => ({ page, pageEnd, part }))).toEqual([
      { page: 1, pageEnd: 2, part: null },
      { page: 1, pageEnd: 1, part: "a.pdf" },
    ]);
  });

  test("break a long paragraph at a sentence rather than in a word, into pieces of like lengths", () => {
    const text = "This is the first sentence. This is the second one. And here is a third.";
    expect(chunksOf([paragraph(text)], 40).chunks.map((chunk) => chunk.text)).toEqual([
      "This is the first sentence.",
      "This is the second one.",
      "And here is a third.",
    ]);
  });

  test("are none of an empty text", () => {
    expect(chunksOf([paragraph(" \n\n ")], 100).chunks).toEqual([]);
  });
});
