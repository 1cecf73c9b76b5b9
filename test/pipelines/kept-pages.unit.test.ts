import { expect, test } from "@jest/globals";
import { KeptPages } from "../../src/pipelines/documents/kept-pages.js";
import type { Recognised } from "../../src/pipelines/documents/parsers/ocr.js";

const FILE = Buffer.from("a file");
const page = (text: string): Recognised => ({ text, isUnsure: false, unreadScript: null });

test("a page that an earlier attempt has read is not read again, and nothing is staged before there is something to lose", async () => {
  let staged: string | null = null;
  const ctx = { stagedText: async () => staged, setText: async (text: string) => void (staged = text) };
  const first = new KeptPages(ctx, FILE, 0);
  expect(await first.page(1, async () => page("one"))).toEqual(page("one"));
  expect(await first.page(2, async () => page("two"))).toEqual(page("two"));
  const again = new KeptPages(ctx, FILE, 60_000);
  const read: number[] = [];
  for (const number of [1, 2, 3]) {
    await again.page(number, async () => {
      read.push(number);
      return page("new");
    });
  }
  expect(read).toEqual([3]);
  expect(staged).not.toContain("new");
  const changed = new KeptPages(ctx, Buffer.from("another file"));
  expect(await changed.page(1, async () => page("other"))).toEqual(page("other"));
});

test("a text that is staged is no half-done reading", async () => {
  const pages = new KeptPages({ stagedText: async () => "A text.", setText: async () => undefined }, FILE);
  expect(await pages.page(1, async () => page("one"))).toEqual(page("one"));
});
