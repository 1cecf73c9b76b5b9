import { PermanentError } from "../../../errors.js";
import type { Block, PieceKind } from "./block.js";

/** With a bar and a blank each, more cells than this are more text than is taken. */
const MAX_CELLS_OF_TABLE = 10_000_000;

/** A block as it stands in the written text. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly kind: PieceKind;
  /** Of a heading its level from 1, of an item its depth from 0. */
  readonly level: number;
  readonly page: number | null;
  readonly isSlide: boolean;
  readonly part: string | null;
  /** Where the rows that name a table's columns end. */
  readonly headEnd: number | null;
}

/** The character zero, and halves of surrogate pairs. */
const UNSTORABLE = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

export interface Written {
  readonly text: string;
  readonly pieces: readonly Piece[];
}

/**
 * The text of the blocks as Markdown, and where each of them is in it. Blocks without text leave nothing.
 * @throws {PermanentError} RESOURCE_LIMIT for a table whose rows, made as wide as its widest, would be too many cells
 */
export function write(blocks: readonly Block[]): Written {
  const parts: string[] = [];
  const pieces: Piece[] = [];
  let length = 0;
  let before: Block | null = null;
  for (const block of blocks) {
    const { body: raw, headLength } = bodyOf(block);
    if (raw.trim() === "") continue;
    // What no text column takes, replaced by what is as long: places in the text stay true.
    const body = raw.replace(UNSTORABLE, "\uFFFD");
    const gap = before === null ? "" : gapBetween(before, block);
    const start = length + gap.length;
    parts.push(gap, body);
    length = start + body.length;
    pieces.push({
      start,
      end: length,
      kind: pieceKindOf(block),
      level: "level" in block ? block.level : "depth" in block ? block.depth : 0,
      page: block.page ?? null,
      isSlide: block.isSlide === true,
      part: block.part ?? null,
      headEnd: headLength === null ? null : start + headLength,
    });
    before = block;
  }
  return { text: parts.join(""), pieces };
}

function bodyOf(block: Block): { readonly body: string; readonly headLength: number | null } {
  if (block.kind === "table") return tableBody(block.rows, block.headRows);
  const body = textBody(block);
  // A table that is Markdown already names its columns above its second line, which is made of dashes.
  const head = block.kind === "source" && block.of === "table" ? /^[^\n]*\n[ \t|:-]*-[ \t|:-]*(?=\n)/.exec(body) : null;
  return { body, headLength: head?.[0].length ?? null };
}

function textBody(block: Exclude<Block, { kind: "table" }>): string {
  switch (block.kind) {
    case "heading":
      return block.text.trim() === ""
        ? ""
        : `${"#".repeat(Math.min(6, Math.max(1, block.level)))} ${oneLine(block.text)}`;
    case "item": {
      const indent = "  ".repeat(Math.min(block.depth, 12));
      return block.text.trim() === ""
        ? ""
        : `${indent}${block.marker} ${block.text.trim().replace(/\n+/g, `\n${indent}  `)}`;
    }
    case "code":
      return block.text.trim() === "" ? "" : fenced(block.text, block.language ?? "");
    default:
      return block.text.replace(/^\n+|\s+$/g, "");
  }
}

/** The fence is longer than any inside. */
function fenced(text: string, language: string): string {
  const longest = (text.match(/^`{3,}/gm) ?? []).reduce((most, fence) => Math.max(most, fence.length), 2);
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/^\n+|\s+$/g, "")}\n${fence}`;
}

/** A table of one column is a list of lines: bars around each would be padding. */
function tableBody(
  rows: readonly (readonly string[])[],
  headRows: number,
): { body: string; headLength: number | null } {
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  if (width === 0) return { body: "", headLength: null };
  if (width === 1)
    return {
      body: rows
        .map(([cell = ""]) => oneLine(cell))
        .filter(Boolean)
        .join("\n"),
      headLength: null,
    };
  if (rows.length * width > MAX_CELLS_OF_TABLE) {
    throw new PermanentError(
      "RESOURCE_LIMIT",
      `A table of ${rows.length} rows and ${width} columns has more than ${MAX_CELLS_OF_TABLE} cells; split it.`,
    );
  }
  const lines = rows.map((row) => rowLine(row, width));
  const ruled = Math.max(1, headRows);
  lines.splice(ruled, 0, `|${" --- |".repeat(width)}`);
  const headLength = lines.slice(0, ruled + 1).join("\n").length;
  return { body: lines.join("\n"), headLength: headRows > 0 && rows.length > headRows ? headLength : null };
}

function rowLine(row: readonly string[], width: number): string {
  const cells = Array.from({ length: width }, (_, column) => oneLine(row[column] ?? "").replaceAll("|", "\\|"));
  return `|${cells.map((cell) => (cell === "" ? " |" : ` ${cell} |`)).join("")}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Items of one list stand close, all else apart. */
function gapBetween(before: Block, block: Block): string {
  const isList = isItem(before) && isItem(block) && before.part === block.part && before.page === block.page;
  return isList ? "\n" : "\n\n";
}

function isItem(block: Block): boolean {
  return block.kind === "item" || (block.kind === "source" && block.of === "item");
}

function pieceKindOf(block: Block): PieceKind {
  if (block.kind === "source") return block.of;
  if (block.kind === "paragraph" || block.kind === "caption" || block.kind === "note") return "text";
  return block.kind;
}
