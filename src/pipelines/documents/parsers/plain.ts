import type { Block } from "../blocks/block.js";
import { assertBlockCount, readText, type ParseAid, type Parsed } from "./parsed.js";

/** Plain text as it is, paragraph by paragraph. */
export async function parsePlain(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { text, encoding } = readText(bytes, name, aid);
  return { blocks: plainBlocks(text), metadata: { encoding } };
}

/** What stands between empty lines. Form feeds part the pages of old printouts. */
export function plainBlocks(text: string): Block[] {
  const clean = text.replace(/\r\n?/g, "\n");
  const pages = clean.split("\f");
  let count = 0;
  const counted = (texts: string[]): string[] => {
    assertBlockCount((count += texts.length));
    return texts;
  };
  return pages.flatMap((page, index) =>
    counted(page.split(/\n(?:[^\S\n]*\n)+/))
      .map((one) => one.replace(/^\n+|\s+$/g, ""))
      .filter((one) => one.trim() !== "")
      .map((one): Block => ({ kind: "lines", text: one, ...(pages.length > 1 ? { page: index + 1 } : {}) })),
  );
}
