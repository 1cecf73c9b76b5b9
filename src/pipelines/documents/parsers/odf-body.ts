import type { Block } from "../blocks/block.js";
import { tableOf, type DocumentCell } from "../blocks/cells.js";
import { OdfLists } from "./odf-lists.js";
import { childOf, find, textOf, type XmlNode } from "./office-xml.js";

/** Of repeated blanks and cells, which are written as a number: more of them than this say nothing. */
const MAX_REPEATED = 100;
/** Deleted text, forms' definitions and declarations are no text of the document. */
const LEFT_OUT = new Set([
  "text:tracked-changes",
  "office:forms",
  "text:sequence-decls",
  "text:variable-decls",
  "text:user-field-decls",
  "text:table-of-content-source",
  "office:scripts",
  "svg:title",
]);

/** The list around an item: by what it is counted, and where that has come to. */
interface OpenList {
  readonly style: string;
  readonly counts: number[];
  readonly depth: number;
}

/** The body of an OpenDocument text as blocks; notes and comments are gathered on the way. */
export class OdfBody {
  readonly #lists: OdfLists;
  #notes: Block[] = [];

  constructor(lists: OdfLists = new OdfLists()) {
    this.#lists = lists;
  }

  takeNotes(): Block[] {
    const notes = this.#notes;
    this.#notes = [];
    return notes;
  }

  blocksOf(node: XmlNode, around: OpenList | null = null): Block[] {
    const blocks: Block[] = [];
    for (const child of node.children) {
      if (LEFT_OUT.has(child.name)) continue;
      if (child.name === "table:table") blocks.push(...tableOf(this.#rows(child), {}, false));
      else if (child.name === "text:list") blocks.push(...this.#list(child, around));
      else if (child.name === "text:p" || child.name === "text:h") {
        const inner: Block[] = [];
        const text = this.#inline(child, inner).trim();
        if (text !== "") {
          const level = Number(child.attributes["text:outline-level"] ?? 1) || 1;
          blocks.push(
            child.name === "text:h"
              ? { kind: "heading", level: Math.min(6, level), text }
              : { kind: "paragraph", text },
          );
        }
        blocks.push(...inner);
      } else blocks.push(...this.blocksOf(child, around));
    }
    return blocks;
  }

  #list(list: XmlNode, around: OpenList | null): Block[] {
    const own = list.attributes["text:style-name"];
    const style = own ?? around?.style ?? "";
    const isWithin = around !== null && around.style === style;
    const counts = isWithin ? around.counts : this.#lists.begin(list, style);
    const open: OpenList = { style, counts, depth: around === null ? 0 : around.depth + 1 };
    return list.children.flatMap((item) => {
      if (item.name !== "text:list-item" && item.name !== "text:list-header") return [];
      // Before what is within it, which may count on.
      const isFirst = item.children.some(({ name }) => name === "text:p");
      const isCounted = isFirst && item.name === "text:list-item";
      const marker = isCounted ? this.#lists.next(counts, style, open.depth, item) : "-";
      const [first, ...rest] = this.blocksOf(item, open);
      if (!first) return [];
      const isOwn = first.kind === "paragraph";
      return isOwn
        ? [{ kind: "item", marker, depth: open.depth, text: first.text } as Block, ...rest]
        : [first, ...rest];
    });
  }

  #inline(node: XmlNode, inner: Block[]): string {
    return node.children
      .map((child) => {
        if (child.name === "#text") return child.text.replace(/\s+/g, " ");
        if (child.name === "text:s") return " ".repeat(Math.min(Number(child.attributes["text:c"]) || 1, MAX_REPEATED));
        if (child.name === "text:tab") return "\t";
        if (child.name === "text:line-break") return "\n";
        if (LEFT_OUT.has(child.name) || child.name === "text:page-number") return "";
        if (child.name === "office:annotation") return this.#comment(child);
        if (child.name === "text:note") return this.#note(child);
        if (child.name === "draw:text-box") {
          inner.push(...this.blocksOf(child));
          return "";
        }
        return this.#inline(child, inner);
      })
      .join("");
  }

  #note(node: XmlNode): string {
    const mark = find(node, "text:note-citation").map(textOf).join("").trim();
    const text = this.#textBelow(find(node, "text:note-body")[0] ?? node);
    if (text !== "") this.#notes.push({ kind: "note", text: `[${mark}] ${text}` });
    return mark === "" ? "" : `[${mark}]`;
  }

  #comment(node: XmlNode): string {
    const author = childOf(node, "dc:creator");
    const texts = find(node, "text:p").map((one) => this.#inline(one, []).trim());
    const text = texts.filter((one) => one !== "").join("\n");
    if (text !== "")
      this.#notes.push({ kind: "note", text: `Comment${author ? ` (${textOf(author).trim()})` : ""}: ${text}` });
    return "";
  }

  #textBelow(node: XmlNode): string {
    return this.blocksOf(node)
      .map((block) => ("text" in block ? block.text : block.rows.map((row) => row.join(" ")).join("\n")))
      .join("\n")
      .trim();
  }

  #rows(table: XmlNode): DocumentCell[][] {
    const heads = new Set(find(table, "table:table-header-rows").flatMap((rows) => find(rows, "table:table-row")));
    return find(table, "table:table-row").map((row) =>
      row.children
        .filter(({ name }) => name === "table:table-cell")
        .flatMap((cell): DocumentCell[] => {
          const count = Math.min(Number(cell.attributes["table:number-columns-repeated"] ?? 1) || 1, MAX_REPEATED);
          const found: DocumentCell = {
            blocks: this.blocksOf(cell),
            columns: Number(cell.attributes["table:number-columns-spanned"] ?? 1) || 1,
            rows: Number(cell.attributes["table:number-rows-spanned"] ?? 1) || 1,
            isHead: heads.has(row),
          };
          return Array.from({ length: count }, () => found);
        }),
    );
  }
}
