import type { Block } from "../blocks/block.js";
import { htmlBlocks } from "./html.js";
import { plainBlocks } from "./plain.js";

/** A plain part that shares less than this of what the HTML says is about something else. */
const SAME_SUBJECT = 0.3;
/** A plain part that has less than this share of what the HTML says only points at it. */
const SAME_CONTENT = 0.6;

/** The part that holds the content: what its writer wrote as plain text, unless the HTML says more and says it otherwise. */
export function mailBody(text: string | undefined, html: string | undefined): Block[] {
  const plain = text === undefined ? [] : plainBlocks(text);
  if (html === undefined || html.trim() === "") return plain;
  const rich = htmlBlocks(html).blocks;
  if (plain.length === 0) return rich;
  const [plainWords, richWords] = [wordsOf(plain), wordsOf(rich)];
  if (richWords.size === 0) return plain;
  const shared = [...richWords].filter((word) => plainWords.has(word)).length;
  const share = shared / richWords.size;
  const isMore = plainWords.size > richWords.size && share >= SAME_SUBJECT;
  return isMore || share >= SAME_CONTENT ? plain : rich;
}

function wordsOf(blocks: readonly Block[]): Set<string> {
  const text = blocks.map((block) => (block.kind === "table" ? block.rows.flat().join(" ") : block.text)).join(" ");
  // An address that counts clicks is no content, and many words.
  return new Set(
    text
      .replace(/\bhttps?:\S+/gi, " ")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [],
  );
}
