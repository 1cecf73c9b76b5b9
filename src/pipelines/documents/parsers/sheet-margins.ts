import type { Block, BlockPlace } from "../blocks/block.js";

/** What begins the left, the middle and the right of a margin. */
const SECTION = /&[LCR]/i;
/** Numbers of pages, days, times, the names of the file and the sheet: not written by anyone, and the sheet's is its title. */
const FIELD = /&[PNDTFAZG](?:[+-]\d+)?/gi;
/** Fonts, sizes, colours and styles. */
const STYLE = /&(?:"[^"]*"|\d{1,3}|K(?:[0-9A-F]{6}|\d\d[+-]\d{3})|[BIUSXYEOH])/gi;
/** Letters of one point, by which programs that label documents find their own labels again. */
const ILLEGIBLE = /&1(?!\d)[^&]*/g;
/** "Page of" is what remains of a page's number. */
const MAX_AROUND_FIELD = 15;
const MAX_CODES = 10_000;

/**
 * What stands in the margins of sheets when they are printed: each text once, however many sheets and pages repeat it. A code
 * is what a workbook has for a margin, such as `&L&"Arial,Bold"Draft&RPage &P of &N`.
 */
export function marginBlocks(codes: readonly string[], said: Set<string>, place: BlockPlace): Block[] {
  const texts = codes.flatMap((code) => textsOf(code.slice(0, MAX_CODES)));
  return [...new Set(texts)].flatMap((text): Block[] => {
    if (said.has(text)) return [];
    said.add(text);
    return [{ kind: "paragraph", text, ...place }];
  });
}

function textsOf(code: string): string[] {
  // An ampersand that is meant is written twice.
  return code
    .replaceAll("&&", "\0")
    .split(SECTION)
    .flatMap((section) => {
      const styled = section.replace(ILLEGIBLE, "").replace(STYLE, "");
      const text = styled.replace(FIELD, "").replaceAll("\0", "&").replace(/\s+/g, " ").trim();
      const isRest = styled.search(FIELD) >= 0 && text.length <= MAX_AROUND_FIELD;
      return isRest || !/[\p{L}\p{N}]/u.test(text) ? [] : [text];
    });
}
