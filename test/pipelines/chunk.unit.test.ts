import fc from "fast-check";
import { chunksOf } from "../../src/pipelines/documents/chunk.js";

const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
const gaps = fc.constantFrom(" ", "\n", "\n\n", "\n \n", ". ", "\t", "\n# ", "");
const texts = fc
  .array(fc.tuple(words, gaps), { maxLength: 80 })
  .map((parts) => parts.map(([word, gap]) => word + gap).join(""));

describe("chunksOf", () => {
  test("keeps every character that is no white space in exactly one chunk, in order, none longer than asked", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 200 }), (text, maxLength) => {
        const chunks = chunksOf(text, maxLength);
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
      }),
      { numRuns: 500 },
    );
  });

  test("never cuts a character in two", () => {
    for (const { text } of chunksOf("😀".repeat(500), 7)) expect(text).toMatch(/^(😀)+$/u);
  });

  test("gives each chunk its page, and lets none go over a page's end", () => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 6 }), (pages) => {
        const pageStarts: number[] = [];
        let text = "";
        for (const page of pages) {
          pageStarts.push(text.length);
          text += `${page}\n\n`;
        }
        for (const chunk of chunksOf(text, 300, pageStarts)) {
          const start = pageStarts[chunk.page! - 1]!;
          const end = pageStarts[chunk.page!] ?? text.length;
          expect(chunk.startOffset).toBeGreaterThanOrEqual(start);
          expect(chunk.endOffset).toBeLessThanOrEqual(end);
        }
      }),
    );
  });

  test("begins a chunk at a heading, and keeps the paragraph below with it", () => {
    const text = "# One\n\nAbout the first.\n\n# Two\n\nAbout the second.";
    expect(chunksOf(text, 1_000).map((chunk) => chunk.text)).toEqual([
      "# One\n\nAbout the first.",
      "# Two\n\nAbout the second.",
    ]);
  });

  test("breaks a long paragraph at a sentence rather than in a word", () => {
    const text = "This is the first sentence. This is the second one. And here is a third.";
    expect(chunksOf(text, 40).map((chunk) => chunk.text)).toEqual([
      "This is the first sentence.",
      "This is the second one.",
      "And here is a third.",
    ]);
  });

  test("makes nothing of an empty text", () => {
    expect(chunksOf(" \n\n ", 100)).toEqual([]);
  });
});
