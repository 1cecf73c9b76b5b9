import { holdText, type Block } from "../blocks/block.js";
import { letters } from "./image.js";
import { OcrDoubts } from "./ocr-doubts.js";
import { recognise } from "./ocr.js";
import { pageList } from "./page-list.js";
import type { ParseAid } from "./parsed.js";
import { PdfPainter } from "./pdf-render.js";
import { isSuspect, oddShare } from "./suspect.js";

/** A page as its text layer has it. */
export interface LayerPage {
  readonly number: number;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** Of the blocks, those of form fields and annotations, which stand behind the text. */
  readonly fields: readonly Block[];
  /** Runs of letters that were drawn where the same stood already. */
  readonly repeated: number;
  /** Which share of the page pictures cover, 0 to 1; 0 where nobody looked because there is enough text. */
  readonly pictured: number;
}

/** Fewer letters are a page number or a stamp of a scanner. */
export const LITTLE_TEXT = 20;
/** Under this many letters a page that pictures cover may well be a scan with a typed head. */
export const SOME_TEXT = 400;
const MOSTLY_PICTURE = 0.4;
/** A page takes two to ten seconds on one core; one that takes longer is a drawing. */
const PAGE_LIMIT_MS = 60_000;
/** Of all pages of a document. */
const ALL_LIMIT_MS = 600_000;

type Doubt = "empty" | "covered" | "suspect";

/**
 * Reads by OCR the pages whose text layer does not say what is to be seen, and puts that in the place of the layer. What
 * could not be read is named by its pages in a warning.
 */
export async function readScans(
  pages: readonly LayerPage[],
  bytes: Uint8Array,
  name: string,
  aid: ParseAid,
): Promise<Block[]> {
  const painter = new PdfPainter(bytes);
  const told = new Told(name, aid);
  const startedAt = performance.now();
  const doubted = pages.filter((page) => doubtOf(page) !== null).length;
  const blocks: Block[] = [];
  let done = 0;
  try {
    for (const page of pages) {
      const doubt = doubtOf(page);
      if (doubt === null) {
        blocks.push(...page.blocks);
        continue;
      }
      const isLate = performance.now() - startedAt > ALL_LIMIT_MS;
      blocks.push(...(await readPage(page, doubt, painter, told, { ...aid, ocr: aid.ocr && !isLate })));
      done += 1;
      aid.progress(0.5 + (0.5 * done) / doubted, `page ${page.number} looked at`);
    }
  } finally {
    await painter.close();
  }
  told.tell();
  return blocks;
}

function doubtOf({ text, pictured }: LayerPage): Doubt | null {
  const length = text.replace(/\s+/g, "").length;
  if (length < LITTLE_TEXT) return "empty";
  if (length < SOME_TEXT && pictured > MOSTLY_PICTURE) return "covered";
  return isSuspect(text) ? "suspect" : null;
}

async function readPage(
  page: LayerPage,
  doubt: Doubt,
  painter: PdfPainter,
  told: Told,
  { ocr, keptPages: kept }: Pick<ParseAid, "ocr" | "keptPages">,
): Promise<readonly Block[]> {
  const { number } = page;
  try {
    if (doubt === "empty" && !(await painter.hasInk(number))) return page.blocks;
    if (!ocr) {
      told.unread(doubt, number);
      return page.blocks;
    }
    const look = async () => recognise(await painter.picture(number), { limitMs: PAGE_LIMIT_MS });
    const recognised = await (kept?.page(number, look) ?? look());
    const read = recognised.text;
    const seen = letters(read, { page: number });
    if (doubt === "suspect") {
      const isBetter =
        holdText(seen) && !recognised.isUnsure && !isSuspect(read) && oddShare(read) < oddShare(page.text) + 0.01;
      (isBetter ? told.replaced : told.suspect).push(number);
      return isBetter ? seen : page.blocks;
    }
    told.doubts.note(recognised, number);
    if (!holdText(seen)) {
      told.unread(doubt, number);
      return page.blocks;
    }
    return withLayer(page, read, seen);
  } catch {
    told.unread(doubt, number);
    return page.blocks;
  }
}

/** What is to be seen, and of the layer what the recogniser did not find, such as filled-in fields. */
function withLayer({ blocks }: LayerPage, read: string, seen: readonly Block[]): Block[] {
  const words = new Set(wordsOf(read));
  const extra = blocks.filter((block) => {
    const own = wordsOf("text" in block ? block.text : "");
    return own.filter((word) => !words.has(word)).length > own.length / 2;
  });
  return [...extra, ...seen];
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Results for the doubtful pages, for one warning of a kind. */
class Told {
  readonly #name: string;
  readonly #aid: ParseAid;
  readonly #empty: number[] = [];
  readonly #covered: number[] = [];
  readonly suspect: number[] = [];
  readonly replaced: number[] = [];
  readonly doubts = new OcrDoubts();

  constructor(name: string, aid: ParseAid) {
    this.#name = name;
    this.#aid = aid;
  }

  unread(doubt: Doubt, page: number): void {
    (doubt === "empty" ? this.#empty : doubt === "covered" ? this.#covered : this.suspect).push(page);
  }

  tell(): void {
    this.doubts.tell(this.#name, this.#aid, true);
    const why = this.#aid.ocr ? "OCR found no words there" : "the option ocr is off";
    this.#warn(
      "PAGES_UNREAD",
      this.#empty,
      (pages) => `There is something to be seen, but no text, on ${lowered(pages)} of ${this.#name}; ${why}.`,
    );
    this.#warn(
      "PAGES_UNREAD",
      this.#covered,
      (pages) => `A picture that covers most of ${lowered(pages)} of ${this.#name} was not read; ${why}.`,
    );
    this.#warn(
      "TEXT_LAYER_SUSPECT",
      this.replaced,
      (pages) => `The text of ${pages} of ${this.#name} is not what is to be seen there; they were read by OCR.`,
    );
    this.#warn(
      "TEXT_LAYER_SUSPECT",
      this.suspect,
      (pages) =>
        `The text of ${pages} of ${this.#name} may not be what is to be seen there, and ${this.#aid.ocr ? "OCR read nothing better" : "the option ocr is off"}.`,
    );
  }

  #warn(code: string, pages: readonly number[], message: (pages: string) => string): void {
    if (pages.length > 0) this.#aid.warn(code, message(pageList(pages)), { count: pages.length, pages });
  }
}

/** As it stands within a sentence. */
function lowered(pages: string): string {
  return `${pages.charAt(0).toLowerCase()}${pages.slice(1)}`;
}
