import type { Json } from "../../pipeline.js";
import type { Block, PieceKind } from "../blocks/block.js";
import { factsOf, readText, type ParseAid, type Parsed } from "./parsed.js";

/** Markdown as it is, by its blocks. Front matter is metadata. */
export async function parseMarkdown(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { text, encoding } = readText(bytes, name, aid);
  const { body, facts } = frontMatterOf(text.replace(/\r\n?/g, "\n"));
  const blocks = markdownBlocks(body);
  const title = blocks.find((block) => block.kind === "source" && block.of === "heading" && block.level === 1);
  const heading = title && "text" in title ? title.text.replace(/^#+\s+|\n[=-]+\s*$|\s+#+$/g, "") : undefined;
  return { blocks, metadata: { encoding, ...factsOf({ title: heading }), ...facts } };
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const ITEM = /^(\s*)(?:[-*+]|\d{1,9}[.)])\s+\S/;
const HEADING = /^ {0,3}(#{1,6})(?:\s|$)/;
const RULE_OF_TABLE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)+\|?\s*$/;

/** Blocks of Markdown, each as it is written. */
export function markdownBlocks(text: string): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  let at = 0;
  const take = (of: PieceKind, level: number, goesOn: (line: string, index: number) => boolean): void => {
    const from = at;
    at += 1;
    while (at < lines.length && goesOn(lines[at]!, at)) at += 1;
    blocks.push({ kind: "source", of, level, text: lines.slice(from, at).join("\n").replace(/\s+$/, "") });
  };
  while (at < lines.length) {
    const line = lines[at]!;
    const fence = FENCE.exec(line)?.[1];
    const heading = HEADING.exec(line);
    const item = ITEM.exec(line);
    if (line.trim() === "") at += 1;
    else if (fence) {
      let closed = false;
      take("code", 0, (next) => {
        if (closed) return false;
        closed = new RegExp(`^ {0,3}\\${fence[0]!}{${fence.length},}\\s*$`).test(next);
        return true;
      });
    } else if (heading) take("heading", heading[1]!.length, () => false);
    else if (RULE_OF_TABLE.test(lines[at + 1] ?? "") && line.includes("|")) {
      take("table", 0, (next) => next.includes("|") && next.trim() !== "");
    } else if (item) {
      take("item", Math.floor(item[1]!.length / 2), (next) => isContinuation(next) && /^\s/.test(next));
    } else if (isUnderline(lines[at + 1] ?? "") && !/^\s*([-*_]\s*){3,}$/.test(line)) {
      const underline = at + 1;
      take("heading", lines[underline]!.includes("=") ? 1 : 2, (_, index) => index === underline);
    } else take("text", 0, isContinuation);
  }
  return blocks;
}

/** What makes a heading of the line above it. */
function isUnderline(line: string): boolean {
  return /^ {0,3}(=+|-+)\s*$/.test(line);
}

/** Whether a line belongs to the paragraph or the item above it. */
function isContinuation(line: string): boolean {
  return line.trim() !== "" && !HEADING.test(line) && !FENCE.test(line) && !ITEM.test(line);
}

/** `key: value` lines between two rules at the beginning, with lists of one line or one level. */
function frontMatterOf(text: string): { readonly body: string; readonly facts: Record<string, Json> } {
  const found = /^\uFEFF?---\n([\s\S]{0,20000}?)\n(?:---|\.\.\.)[^\S\n]*(?:\n|$)/.exec(text);
  if (!found || !/^[\w-]+\s*:/m.test(found[1]!)) return { body: text, facts: {} };
  const values: Record<string, unknown> = {};
  let key = "";
  for (const line of found[1]!.split("\n")) {
    const pair = /^([\w-]{1,60})\s*:\s*(.*)$/.exec(line);
    const listed = /^\s+-\s+(.+)$/.exec(line) ?? /^-\s+(.+)$/.exec(line);
    if (pair) {
      key = NAMES[pair[1]!.toLowerCase()] ?? pair[1]!;
      values[key] = valueOf(pair[2]!.trim());
    } else if (listed && key !== "") {
      const before = values[key];
      values[key] = [...(Array.isArray(before) ? before : []), unquoted(listed[1]!)];
    }
  }
  return { body: text.slice(found[0].length), facts: factsOf(values) };
}

/** Names of front matter that Dublin Core has others for. */
const NAMES: Readonly<Record<string, string>> = {
  author: "creator",
  authors: "creator",
  date: "created",
  updated: "modified",
  lastmod: "modified",
  lang: "language",
  tags: "keywords",
};

function valueOf(text: string): unknown {
  if (text.startsWith("[") && text.endsWith("]")) return text.slice(1, -1).split(",").map(unquoted);
  return unquoted(text);
}

function unquoted(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, "$2");
}
