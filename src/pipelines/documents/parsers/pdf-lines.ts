import type { Block } from "../blocks/block.js";

/** As pdf.js gives a run of text. */
export interface TextItem {
  readonly str?: string;
  readonly hasEOL?: boolean;
  readonly transform?: readonly number[];
  /** In points. */
  readonly width?: number;
}

/** A line as it stands on its page. */
export interface PageLine {
  readonly text: string;
  /** From the bottom of the page, in points. */
  readonly y: number;
  /** Height of its largest letters, in points; 0 where the page does not say. */
  readonly size: number;
}

/** From this on larger than the body's letters, a line is a heading. */
const HEADING = 1.15;
const MAX_HEADING_LENGTH = 200;
const MAX_HEADING_LEVELS = 4;
const BULLET = /^[•▪●◦‣∙·■□➢❖]\s*/;

/**
 * The runs of a page as lines, and how many were left out because the same stood there already. Forms that Arabic letters
 * take within words become the letters; the text is in logical order.
 */
export function linesOf(items: readonly TextItem[]): { readonly lines: PageLine[]; readonly repeated: number } {
  const lines: PageLine[] = [];
  const drawn = new Drawn();
  let repeated = 0;
  let [text, y, size, end] = ["", 0, 0, 0];
  const endLine = (): void => {
    lines.push({ text: clean(text), y, size });
    [text, size] = ["", 0];
  };
  for (const { str = "", hasEOL, transform, width = 0 } of upright(items)) {
    const isSeen = str.trim() !== "" && transform !== undefined;
    if (isSeen && drawn.isAgain(str, transform)) repeated += 1;
    else if (isSeen) {
      const [x, high] = [transform[4] ?? 0, transform[5] ?? 0];
      const own = Math.hypot(transform[2] ?? 0, transform[3] ?? 0);
      const isUpright = (transform[1] ?? 0) === 0;
      // The library goes by the larger letters: smaller text beside them, lower or further left, is a line of its own.
      // What stands higher is beside them: a note's mark.
      const isApart = Math.abs(high - y) > Math.max(high > y ? Math.max(own, size) : own, 1) || x < end - own;
      const isLeftward = RIGHT_TO_LEFT.test(str) || RIGHT_TO_LEFT.test(text);
      if (isUpright && text.trim() !== "" && isApart && !isLeftward) endLine();
      if (text.trim() === "") y = high;
      size = Math.max(size, own);
      text += str;
      end = x + width;
    } else text += str;
    if (hasEOL) endLine();
  }
  endLine();
  return { lines: lines.filter((line) => line.text !== ""), repeated };
}

/** The runs as they stand for who reads the page, which may be drawn on its side: by the way that most letters go. */
function upright(items: readonly TextItem[]): readonly TextItem[] {
  const letters = [0, 0, 0, 0];
  for (const { str = "", transform } of items) {
    if (transform) letters[quarterOf(transform)]! += str.trim().length;
  }
  const most = letters.indexOf(Math.max(...letters));
  if (most === 0) return items;
  return items.map((item) => (item.transform ? { ...item, transform: turned(item.transform, most) } : item));
}

/** By how many quarters, counter-clockwise, the letters are turned. */
function quarterOf([a = 0, b = 0]: readonly number[]): number {
  if (Math.abs(a) >= Math.abs(b)) return a >= 0 ? 0 : 2;
  return b > 0 ? 1 : 3;
}

/** Turned back by so many quarters; where the page begins does not matter to its lines. */
function turned(transform: readonly number[], quarters: number): number[] {
  const pairs = [0, 2, 4].map((at) => [transform[at] ?? 0, transform[at + 1] ?? 0] as const);
  return pairs.flatMap(([x, y]) => (quarters === 1 ? [y, -x] : quarters === 2 ? [-x, -y] : [-y, x]));
}

/** Writing whose runs follow one another to the left. */
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}]/u;
/** Heavy or shadowed letters are drawn more than once, this share of their size apart. */
const SHADOW = 0.15;

/** What was drawn on a page, and where. */
class Drawn {
  readonly #seen = new Map<string, (readonly [number, number])[]>();

  /** Whether the same was drawn there before. */
  isAgain(text: string, transform: readonly number[]): boolean {
    const size = Math.hypot(transform[2] ?? 0, transform[3] ?? 0);
    const step = Math.max(0.5, SHADOW * size);
    const [left, high] = [transform[4] ?? 0, transform[5] ?? 0];
    const [column, row] = [Math.round(left / step), Math.round(high / step)];
    // Letters of another size are no shadow of these, and have other cells.
    const cell = (x: number, y: number): string => `${step.toFixed(2)},${column + x},${row + y},${text}`;
    const isThere = NEAR.some(([x, y]) =>
      this.#seen.get(cell(x, y))?.some(([l, h]) => Math.abs(left - l) <= step && Math.abs(high - h) <= step),
    );
    const own = cell(0, 0);
    this.#seen.set(own, [...(this.#seen.get(own) ?? []), [left, high]]);
    return isThere;
  }
}
const NEAR = [-1, 0, 1].flatMap((x) => [-1, 0, 1].map((y) => [x, y] as const));

function clean(text: string): string {
  return text
    .replaceAll("\0", "")
    .replace(/[\uFB50-\uFDFF\uFE70-\uFEFC\uFB00-\uFB06]/g, (letter) => letter.normalize("NFKC"))
    .replace(/[^\S\n]+/g, " ")
    .trim()
    .split("\n")
    .map(undoubled)
    .join("\n");
}

const DOUBLED = /^(?:(.)\1)+$/u;
/** Three letters and more, each twice, make no word of any language; of digits and a to f they make colours and hashes. */
const DOUBLED_WORD = /^(?=\P{L}*(?:\p{L}\P{L}*){6})(?![\da-f]+$)(?!(.)\1+$)/iu;

/** "YYYYMMDD", "TTMMJJJJ" and "HHMMSS" are forms of dates and times. */
const DATE_FORM = /^[YJAMDTHS\P{L}]+$/iu;

/**
 * "MMuunniicchh": heavy letters are drawn twice one by one, and the library puts them into one run. One word in capitals
 * alone may be a code or a form, and figures are halved only where two words beside them show that all is doubled.
 */
function undoubled(line: string): string {
  const words = line.split(" ");
  const doubled = words.filter((word) => DOUBLED.test(word) && DOUBLED_WORD.test(word));
  const sure = doubled.filter((word) => !DATE_FORM.test(word));
  if (sure.length < 2 && !sure.some((word) => /\p{Ll}/u.test(word))) return line;
  const isWhole = doubled.length >= 2 && words.every((word) => DOUBLED.test(word));
  return words.map((word) => (isWhole || sure.includes(word) ? halved(word) : word)).join(" ");
}

function halved(word: string): string {
  return [...word].filter((_, index) => index % 2 === 0).join("");
}

/** What letters most of a document are set in, and which sizes its headings have, the largest first. */
export interface Typography {
  readonly body: number;
  readonly headings: readonly number[];
}

export function typographyOf(pages: readonly (readonly PageLine[])[]): Typography {
  const lengths = new Map<number, number>();
  for (const { size, text } of pages.flat()) {
    const rounded = roundedSize(size);
    if (rounded > 0) lengths.set(rounded, (lengths.get(rounded) ?? 0) + text.length);
  }
  const [body = 0] = [...lengths].sort((a, b) => b[1] - a[1])[0] ?? [];
  const headings = [...lengths.keys()].filter((size) => size >= body * HEADING).sort((a, b) => b - a);
  return { body, headings };
}

function roundedSize(size: number): number {
  return Math.round(size * 2) / 2;
}

/** The lines of a page as headings, list items and paragraphs; a word that is broken at a line's end is joined. */
export function pageBlocks(lines: readonly PageLine[], page: number, typography: Typography): Block[] {
  const usualGap = gapOf(lines);
  const blocks: { kind: "heading" | "paragraph" | "item"; level: number; lines: string[]; last: PageLine }[] = [];
  for (const line of lines) {
    const level = levelOf(line, typography);
    const isItem = level === 0 && BULLET.test(line.text);
    const kind = level > 0 ? "heading" : isItem ? "item" : "paragraph";
    const open = blocks.at(-1);
    const goesOn =
      open !== undefined &&
      !isItem &&
      (open.kind === kind || (open.kind === "item" && kind === "paragraph")) &&
      open.level === level &&
      isNext(open.last, line, usualGap);
    if (goesOn) {
      open.lines.push(line.text);
      open.last = line;
    } else blocks.push({ kind, level, lines: [line.text], last: line });
  }
  return blocks.map(({ kind, level, lines: texts }): Block => {
    const text = texts.join("\n").replace(/(\p{L})-\n(?=\p{Ll})/gu, "$1");
    if (kind === "heading" && text.length <= MAX_HEADING_LENGTH) return { kind, level, text, page };
    if (kind === "item") return { kind, marker: "-", depth: 0, text: text.replace(BULLET, ""), page };
    return { kind: "paragraph", text, page };
  });
}

/** The middle distance between lines that follow one another, in points. */
function gapOf(lines: readonly PageLine[]): number {
  const gaps = lines
    .slice(1)
    .map((line, index) => lines[index]!.y - line.y)
    .filter((gap) => gap > 1)
    .sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? 0;
}

/** Whether a line stands right below the other, and not beside it or further down. */
function isNext(above: PageLine, line: PageLine, usualGap: number): boolean {
  const gap = above.y - line.y;
  if (gap < -1) return false;
  const most = Math.max(usualGap * 1.3, Math.max(line.size, above.size) * 1.45);
  return gap <= most;
}

function levelOf({ size, text }: PageLine, { body, headings }: Typography): number {
  if (body === 0 || roundedSize(size) < body * HEADING || !/\p{L}/u.test(text)) return 0;
  const place = headings.indexOf(roundedSize(size));
  return place < 0 ? 0 : Math.min(MAX_HEADING_LEVELS, place + 1);
}
