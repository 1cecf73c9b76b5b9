import type { Block } from "../blocks/block.js";
import { openOdf } from "./odf.js";
import { childOf, find, textOf, type XmlNode } from "./office-xml.js";
import type { ParseAid, Parsed } from "./parsed.js";
import { readPictures } from "./pictures.js";
import { warnOfFormulas } from "./sheet-rows.js";
import { countText, regionsOf, rowsIn, type SheetCounts } from "./xlsx-regions.js";
import { columnName, MAX_CELLS, tooMany } from "./xlsx-sheet.js";

/** Sheet by sheet under its name: what the cells show, then comments. */
export async function parseOds(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { archive, content, facts } = openOdf(bytes, name);
  const hidden = new Set(
    find(content, "style:style")
      .filter((style) => childOf(style, "style:table-properties")?.attributes["table:display"] === "false")
      .map(({ attributes }) => attributes["style:name"]),
  );
  const sheets = find(content, "table:table");
  const counts: SheetCounts = { name, cells: 0, characters: 0 };
  const blocks: Block[] = [];
  let rows = 0;
  for (const sheet of sheets) {
    const title = sheet.attributes["table:name"] ?? "";
    const found = sheetBlocks(sheet, title, counts);
    rows += found.reduce((sum, block) => sum + rowsIn(block), 0);
    if (found.length === 0) continue;
    const isHidden = hidden.has(sheet.attributes["table:style-name"] ?? "");
    blocks.push(
      { kind: "heading", level: 2, text: isHidden ? `${title} (hidden sheet)` : title, part: title },
      ...found,
    );
  }
  const uncomputed = find(content, "table:table-cell").filter(
    (cell) => cell.attributes["table:formula"] !== undefined && shownIn(cell) === "" && !hasValue(cell),
  );
  warnOfFormulas(uncomputed.length, name, aid);
  blocks.push(...(await readPictures(archive, "Pictures/", name, aid)));
  return { blocks, metadata: { ...facts, sheets: sheets.length, rows } };
}

interface Span {
  readonly text: string;
  readonly lastRow: number;
}

function sheetBlocks(sheet: XmlNode, title: string, counts: SheetCounts): Block[] {
  const rows = new Map<number, ReadonlyMap<number, string>>();
  const comments: Block[] = [];
  const spans = new Map<number, Span>();
  let [at, filled] = [0, 0];
  for (const row of find(sheet, "table:table-row")) {
    const texts = new Map<number, string>();
    let column = 0;
    for (const cell of row.children) {
      if (cell.name !== "table:table-cell" && cell.name !== "table:covered-table-cell") continue;
      const repeated = timesOf(cell, "table:number-columns-repeated");
      const isCovered = cell.name === "table:covered-table-cell";
      const span = spans.get(column);
      const text = isCovered ? (span && span.lastRow >= at ? span.text : "") : shownIn(cell);
      comments.push(...commentsOf(cell, `${columnName(column)}${at + 1}`, title));
      const height = timesOf(cell, "table:number-rows-spanned");
      if (text !== "" && height > 1) spans.set(column, { text, lastRow: at + height - 1 });
      if (text !== "") {
        // What is repeated is written once in the file: counted before it is written out.
        if ((filled += repeated) > MAX_CELLS) throw tooMany(counts.name);
        countText(counts, text.length * repeated);
        for (let beside = 0; beside < repeated; beside += 1) texts.set(column + beside, text);
      }
      column += repeated;
    }
    const times = timesOf(row, "table:number-rows-repeated");
    if (texts.size > 0) {
      if ((filled += texts.size * (times - 1)) > MAX_CELLS) throw tooMany(counts.name);
      const length = [...texts.values()].reduce((sum, text) => sum + text.length, 0);
      countText(counts, length * (times - 1));
      for (let below = 0; below < times; below += 1) rows.set(at + below, texts);
    }
    at += times;
  }
  return [...regionsOf(rows, counts, { part: title }), ...comments];
}

/** How often it stands there; a number that is none counts as one. */
function timesOf({ attributes }: XmlNode, name: string): number {
  const times = Number(attributes[name] ?? 1);
  return Number.isSafeInteger(times) && times > 0 ? times : 1;
}

/** What the cell shows; its value where the program that wrote it left the showing to its reader. */
function shownIn(cell: XmlNode): string {
  const paragraphs = cell.children.filter(({ name }) => name === "text:p" || name === "text:h");
  if (paragraphs.length === 0) return valueIn(cell);
  return paragraphs.map(plain).join(" ").replace(/\s+/g, " ").trim();
}

const VALUES = ["value", "date-value", "time-value", "boolean-value", "string-value"].map((name) => `office:${name}`);

function hasValue({ attributes }: XmlNode): boolean {
  return VALUES.some((name) => attributes[name] !== undefined);
}

function valueIn({ attributes }: XmlNode): string {
  const value = VALUES.map((name) => attributes[name]).find((one) => one !== undefined) ?? "";
  const type = attributes["office:value-type"];
  if (type === "boolean") return value.toUpperCase();
  if (type === "date") return value.replace("T", " ");
  const time = type === "time" ? /^PT(\d+)H(\d+)M(\d+)/.exec(value) : null;
  if (time) return time.slice(1, 4).join(":");
  return type === "percentage" && value !== "" ? `${Number((Number(value) * 100).toPrecision(15))}%` : value;
}

/** Blanks and breaks are elements of their own. */
function plain(node: XmlNode): string {
  if (node.name === "#text") return node.text;
  if (/^text:(s|tab|line-break)$/.test(node.name)) return " ";
  return node.name === "office:annotation" ? "" : node.children.map(plain).join("");
}

function commentsOf(cell: XmlNode, place: string, part: string): Block[] {
  return cell.children
    .filter(({ name }) => name === "office:annotation")
    .flatMap((comment): Block[] => {
      const text = find(comment, "text:p").map(textOf).join("\n").trim();
      return text === "" ? [] : [{ kind: "note", text: `Comment on ${place}: ${text}`, part }];
    });
}
