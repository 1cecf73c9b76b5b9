import { paragraphs } from "../blocks/block.js";
import { PdfPainter } from "./pdf-render.js";
import { LITTLE_TEXT, type LayerPage } from "./pdf-scan.js";
import { isSuspect } from "./suspect.js";

/** Letters set apart one by one, as in titles: so many in a row are one word or more of which the gaps are lost. */
const SPACED = /(?:(?<![^\s])[\p{L}\p{N}] ){4,}[\p{L}\p{N}](?![^\s])/gu;
const MAX_SPACED_SHARE = 0.1;
/** Where so many runs stand twice, others do in pieces. */
const MANY_REPEATED = 3;

/**
 * The text layer of doubtful pages as the drawing library reads it, where that says more: it knows the character maps of
 * Chinese, Japanese and Korean fonts, goes on where an operator is broken, and sees the gaps between letters set apart.
 * `lacksMaps` where letters of the document were lost because it lacks such a map: then every page is looked at.
 */
export async function readAgain(
  pages: readonly LayerPage[],
  bytes: Uint8Array,
  lacksMaps: boolean,
): Promise<readonly LayerPage[]> {
  if (!lacksMaps && !pages.some(isDoubtful)) return pages;
  const painter = new PdfPainter(bytes);
  try {
    const read: LayerPage[] = [];
    for (const page of pages) read.push(lacksMaps || isDoubtful(page) ? await better(page, painter, lacksMaps) : page);
    return read;
  } finally {
    await painter.close();
  }
}

function isDoubtful({ text, repeated }: LayerPage): boolean {
  return (
    repeated >= MANY_REPEATED ||
    lettersIn(text) < LITTLE_TEXT ||
    isSuspect(text) ||
    spacedShare(text) > MAX_SPACED_SHARE
  );
}

async function better(page: LayerPage, painter: PdfPainter, lacksMaps: boolean): Promise<LayerPage> {
  const { number, text } = page;
  // A page that the other library can't read stays as it is.
  const other = await painter.text(number).then(plain, () => "");
  const [own, others] = [lettersIn(text), lettersIn(other)];
  // Without its map a letter is lost, or stands for another one.
  const isMapped = lacksMaps && eastAsianIn(other) > eastAsianIn(text) + 2;
  // A page that reads well keeps its headings and its lines for a few letters more; and one whose text stands twice here may
  // stand twice there as well.
  const isPoor = own < LITTLE_TEXT || isSuspect(text);
  const isMore = !isSuspect(other) && (isPoor ? others > own + 2 : page.repeated === 0 && others > own * 1.1);
  const isSaidOnce =
    page.repeated >= MANY_REPEATED &&
    others < own * 0.9 &&
    others > own * 0.3 &&
    !isSuspect(other) &&
    holds(other, text);
  const isReadable = isSuspect(text) && !isSuspect(other) && others > own * 0.8;
  const isJoined = spacedShare(text) > MAX_SPACED_SHARE && spacedShare(other) < spacedShare(text) / 2;
  if (!isMapped && !isMore && !isSaidOnce && !isReadable && !(isJoined && others > own * 0.9)) return page;
  return { ...page, text: other, blocks: [...paragraphs(other, { page: number }), ...page.fields] };
}

/** Whether nearly all different words of the one stand in the other. */
function holds(other: string, text: string): boolean {
  const there = new Set(wordsOf(other));
  const wanted = new Set(wordsOf(text));
  const found = [...wanted].filter((word) => there.has(word)).length;
  return found >= wanted.size * 0.97;
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function plain(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/[\0\uFFFE\uFFFF]/g, "")
    .normalize("NFC")
    .trim();
}

function lettersIn(text: string): number {
  return text.replace(/\s+/g, "").length;
}

/** Which share of the letters stand apart. */
function spacedShare(text: string): number {
  const spaced = (text.match(SPACED) ?? []).reduce((sum, run) => sum + lettersIn(run), 0);
  return spaced / Math.max(1, lettersIn(text));
}

function eastAsianIn(text: string): number {
  return (text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu) ?? []).length;
}
