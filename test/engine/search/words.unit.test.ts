import { expect, test } from "@jest/globals";
import { highlightsOf } from "../../../src/engine/search/highlights.js";
import { lexemesOf } from "../../../src/engine/search/lexemes.js";
import { termsOf } from "../../../src/engine/search/terms.js";

/** What of the text is marked for the query. */
const marked = (query: string, text: string): string[] =>
  highlightsOf(text, termsOf(query)).map(({ start, end }) => text.slice(start, end));

test.each([
  [
    "INV-991",
    "see inv 991, INV_991, INV991, INV‑991 and Re:INV-991",
    ["inv 991", "INV_991", "INV991", "INV‑991", "INV-991"],
  ],
  ["INV-991", "INV-9912, INV-99, XINV-991", []],
  ["1234.56", "1,234.56 and 1.234,56 but not 12,34", ["1,234.56", "1.234,56"]],
  ["2024-03-05", "on 2024-03-05T10:00 or 2024/03/05", ["2024-03-05", "2024/03/05"]],
  ["ann.lee@example.org", "write to <Ann.Lee@Example.org>.", ["Ann.Lee@Example.org"]],
  ["resume straße İstanbul", "Résumé STRASSE istanbul", ["Résumé", "STRASSE", "istanbul"]],
  ["оплата σοφός", "ОПЛАТА ΣΟΦΟΣ", ["ОПЛАТА", "ΣΟΦΟΣ"]],
  ["請求書", "この請求書は九月分です", ["請求書"]],
  ["月", "九月分の請求", ["月"]],
  ["회사", "우리 회사는", ["회사"]],
  ["ภาษาไทย", "เขาพูดภาษาไทยได้", ["ภาษาไทย"]],
  ["سلام ١٢٣", "السَّلام سَلَام 123", ["سَلَام", "123"]],
  ["who is the CEO of it", "Who is it? The CEO.", ["CEO"]],
  ["to be or not to be", "to be", ["to", "be"]],
])("%s marks what is the same in another writing", (query, text, found) => {
  expect(marked(query, text)).toEqual(found);
});

test("what is marked is told in order, once, and of no more than fifty places", () => {
  expect(highlightsOf("a-b a b ".repeat(100), termsOf("a-b b"))).toHaveLength(50);
  expect(highlightsOf("x INV-991 y", termsOf("INV-991 991"))).toEqual([{ start: 2, end: 9 }]);
  expect(termsOf("?! …")).toEqual([]);
});

test("a text of any length makes what Postgres takes: words are cut, and the rest is left out", () => {
  const lexemes = lexemesOf("c", { text: `${"x".repeat(5_000)} ${"wordy9 ".repeat(300_000)}` });
  expect(Buffer.byteLength(lexemes)).toBeLessThan(600_000);
  const unbroken = "a1_".repeat(300_000);
  expect(Buffer.byteLength(lexemesOf("c", { text: unbroken }))).toBeLessThan(600_000);
  expect(Buffer.byteLength(lexemesOf("c", { text: "書".repeat(300_000) }))).toBeLessThan(600_000);
  expect(marked("zz", `${unbroken} zz`)).toEqual(["zz"]);
  expect(Math.max(...lexemes.split(" ").map((one) => one.length))).toBeLessThan(120);
});
