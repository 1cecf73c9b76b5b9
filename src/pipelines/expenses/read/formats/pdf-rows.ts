import { getDocumentProxy } from "unpdf";
import { PermanentError, messageOf } from "../../../../errors.js";
import type { Cell, Row } from "../../shapes.js";

/** Statements of a year have some 100 pages; what is larger is something else. */
const MAX_PAGES = 500;
const MAX_XML = 20_000_000;
const MAX_ITEMS = 500_000;

interface Item {
  readonly str: string;
  readonly transform: readonly number[];
  readonly width: number;
}
/** A piece of text on a page, in points; y grows upwards. */
interface Piece {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly y: number;
  readonly size: number;
}

/**
 * The lines of a PDF with their cells where they stand on the page: which column an amount is in tells what it is.
 * @throws {PermanentError} ENCRYPTED_DOCUMENT, MALFORMED_DOCUMENT, RESOURCE_LIMIT
 */
export async function pdfRows(bytes: Uint8Array, name: string): Promise<Row[]> {
  return (await readPdf(bytes, name)).rows;
}

/** The same, and the XML files that are attached: in a Factur-X or ZUGFeRD invoice one of them is the invoice. */
export async function readPdf(
  bytes: Uint8Array,
  name: string,
): Promise<{ readonly rows: Row[]; readonly xml: readonly Uint8Array[] }> {
  const document = await open(bytes, name);
  try {
    if (document.numPages > MAX_PAGES) throw tooLarge(name, `${document.numPages} pages; at most ${MAX_PAGES}`);
    const rows: Row[] = [];
    let items = 0;
    for (let number = 1; number <= document.numPages; number += 1) {
      const page = await document.getPage(number);
      const content = await page.getTextContent();
      items += content.items.length;
      if (items > MAX_ITEMS) throw tooLarge(name, `${items} pieces of text; at most ${MAX_ITEMS}`);
      rows.push(...rowsOfPage(content.items as readonly Item[], rows.length));
      page.cleanup();
    }
    return { rows, xml: await xmlIn(document) };
  } finally {
    await document.destroy();
  }
}

async function xmlIn(document: Awaited<ReturnType<typeof open>>): Promise<Uint8Array[]> {
  const attached = ((await document.getAttachments()) ?? {}) as Record<
    string,
    { readonly filename?: string; readonly content?: Uint8Array }
  >;
  return Object.values(attached).flatMap(({ filename, content }) =>
    content && /\.xml$/i.test(filename ?? "") && content.length <= MAX_XML ? [content] : [],
  );
}

function tooLarge(name: string, what: string): PermanentError {
  return new PermanentError("RESOURCE_LIMIT", `${name} has ${what} are taken. Split it.`);
}

async function open(bytes: Uint8Array, name: string): Promise<Awaited<ReturnType<typeof getDocumentProxy>>> {
  try {
    // A copy: the library takes the buffer away from its owner.
    return await getDocumentProxy(new Uint8Array(bytes), { isEvalSupported: false, stopAtErrors: false, verbosity: 0 });
  } catch (error) {
    if ((error as Error).name === "PasswordException") {
      throw new PermanentError("ENCRYPTED_DOCUMENT", `${name} is protected by a password; send an unprotected copy.`);
    }
    throw new PermanentError(
      "MALFORMED_DOCUMENT",
      `${name} is not a valid PDF (${messageOf(error)}); send an intact copy.`,
    );
  }
}

/** Quarters of a turn, against the clock, that a text is turned by. */
function turnOf({ transform: [a = 1, b = 0] }: Item): 0 | 1 | 2 | 3 {
  if (Math.abs(a) >= Math.abs(b)) return a < 0 ? 2 : 0;
  return b > 0 ? 1 : 3;
}

/** A page whose text for the most part runs up, down or upside down, turned so that it can be read. */
function upright(items: readonly Item[]): readonly Item[] {
  const letters = [0, 0, 0, 0];
  for (const item of items) letters[turnOf(item)]! += item.str.length;
  const turn = letters.indexOf(Math.max(...letters));
  if (turn === 0) return items;
  return items.map((item) => {
    const [a, b, c, d, x = 0, y = 0] = item.transform as [number, number, number, number, number?, number?];
    const [left, up] = { 1: [y, -x], 2: [-x, -y], 3: [-y, x] }[turn]!;
    return { ...item, transform: [a, b, c, d, left!, up!] };
  });
}

/** Pieces of nearly one height are one line; scanned and printed pages waver by a point or two. */
function rowsOfPage(items: readonly Item[], before: number): Row[] {
  const pieces = upright(items.filter(({ str }) => str.trim() !== "")).flatMap(piecesOf);
  pieces.sort((a, b) => b.y - a.y || a.left - b.left);
  const lines: Piece[][] = [];
  for (const piece of pieces) {
    const line = lines.at(-1);
    if (line && Math.abs(line[0]!.y - piece.y) <= piece.size * 0.35) line.push(piece);
    else lines.push([piece]);
  }
  const whole = joined(lines);
  return whole.map((line, index) => {
    const above = whole[index - 1];
    const gap = above ? (above[0]!.y - line[0]!.y) / line[0]!.size : null;
    return { cells: cellsOf(line), gap, at: before + index + 1 };
  });
}

/** So near to each other, in heights of a letter, no two lines are printed one below the other. */
const NEAR = 0.6;

/** Cells of one row that stand at its top and in its middle: what would overlap if it were two lines, and does not. */
function joined(lines: readonly Piece[][]): Piece[][] {
  const whole: Piece[][] = [];
  for (const line of lines) {
    const above = whole.at(-1);
    const isBeside =
      above !== undefined &&
      above[0]!.y - line[0]!.y <= Math.min(above[0]!.size, line[0]!.size) * NEAR &&
      above.every((one) => line.every((other) => one.right < other.left || other.right < one.left));
    if (isBeside) above.push(...line);
    else whole.push([...line]);
  }
  return whole;
}

/** A line printer's columns are runs of blanks within one text: two blanks part cells, each character as wide as the next. */
function piecesOf({ str, transform, width }: Item): Piece[] {
  const text = str.replaceAll("\0", "").replace(/[\u00a0\t]/g, " ");
  const [x, y, size] = [transform[4] ?? 0, transform[5] ?? 0, Math.hypot(transform[2] ?? 0, transform[3] ?? 0) || 10];
  const perCharacter = width / Math.max(1, text.length);
  return [...text.matchAll(/\S+(?: \S+)*/g)].map((match) => ({
    text: match[0],
    left: x + match.index * perCharacter,
    right: x + (match.index + match[0].length) * perCharacter,
    y,
    size,
  }));
}

/** Two of these beside each other are no words of one text. */
function isMoney(text: string): boolean {
  return /^\d{1,3}(?:[.,'’]\d{3})*[.,]\d{2}$/.test(text);
}

function cellsOf(line: Piece[]): Cell[] {
  const cells: { text: string; left: number; right: number }[] = [];
  for (const { text, left, right, size } of line.sort((a, b) => a.left - b.left)) {
    const before = cells.at(-1);
    const gap = before ? left - before.right : Infinity;
    // Letters that were set one by one touch; words are a blank apart, which is 0.6 of a typewriter's letter; columns
    // are further from each other.
    if (before && gap < size * 0.12) Object.assign(before, { text: before.text + text, right });
    else if (before && gap < size * 0.8 && !(isMoney(before.text) && isMoney(text)))
      Object.assign(before, { text: `${before.text} ${text}`, right });
    else cells.push({ text, left, right });
  }
  return cells;
}
