import { paragraphs, type Block } from "../blocks/block.js";
import { tableOf, type DocumentCell } from "../blocks/cells.js";
import type { Archive } from "./archive.js";
import { listOf, type Numbering, type ParagraphStyle } from "./docx-numbering.js";
import { graphicBlocks } from "./drawing.js";
import { equationOfField, mathText } from "./math.js";
import { childOf, find, textOf, valueOf, type XmlNode } from "./office-xml.js";
import { symbolOf, withSymbols } from "./symbol-fonts.js";

/** What was deleted or moved away, instructions of fields, and what only programs read. */
const LEFT_OUT = new Set([
  "w:del",
  "w:moveFrom",
  "w:delText",
  "w:delInstrText",
  "w:pPr",
  "w:rPr",
  "w:sdtPr",
  "w:sectPr",
  "w:tblPr",
]);

/** The body of a part of a Word document as blocks. One reader serves all parts, so that lists go on counting. */
export class DocxBody {
  readonly archive: Archive;
  readonly #styleOf: (id: string) => ParagraphStyle;
  readonly #numbering: Numbering;
  /** Fields that have begun, the innermost last. */
  #fields: { instruction: string; hasResult: boolean }[] = [];

  constructor(archive: Archive, styleOf: (id: string) => ParagraphStyle, numbering: Numbering) {
    this.archive = archive;
    this.#styleOf = styleOf;
    this.#numbering = numbering;
  }

  /** `part` is where relations are looked up. */
  blocksOf(node: XmlNode, part: string): Block[] {
    const blocks: Block[] = [];
    let initial = "";
    for (const child of node.children) {
      if (child.name === "w:p") {
        const found = this.#paragraph(child, part, initial);
        // The large letter that a paragraph begins with is one of its own in the file.
        initial = isInitial(child) && found.length === 1 && "text" in found[0]! ? found[0].text : "";
        if (initial === "") blocks.push(...found);
      } else if (child.name === "w:tbl") blocks.push(...tableOf(this.#rows(child, part), {}, false));
      else if (child.name === "w:altChunk") {
        // Stands for another document; whoever reads the body puts its blocks here.
        blocks.push({ kind: "note", text: `\u0001${child.attributes["r:id"] ?? ""}` });
      } else if (child.name === "mc:AlternateContent") blocks.push(...this.blocksOf(chosen(child), part));
      else if (!LEFT_OUT.has(child.name)) blocks.push(...this.blocksOf(child, part));
    }
    if (initial !== "") blocks.push({ kind: "paragraph", text: initial });
    return blocks;
  }

  #paragraph(node: XmlNode, part: string, initial: string): Block[] {
    const properties = childOf(node, "w:pPr");
    const style = this.#styleOf((properties && valueOf(properties, "w:pStyle", "w:val")) ?? "Normal");
    const outline = properties && childOf(properties, "w:outlineLvl")?.attributes["w:val"];
    const level =
      outline !== undefined && outline !== null && Number(outline) < 9 ? Number(outline) + 1 : style.heading;
    const list = listOf(properties, style.list);
    const inner: Block[] = [];
    const text = `${initial}${this.#inline(node, part, inner)}`
      .replace(/[^\S\n]+/g, " ")
      .replace(/ ?\n ?/g, "\n")
      .trim();
    if (text === "") return inner;
    const marker = list && this.#numbering.next(list.id, list.level);
    if (level !== null) {
      const numbered = marker && marker !== "-" ? `${marker} ${text}` : text;
      return [{ kind: "heading", level: Math.min(6, level), text: numbered }, ...inner];
    }
    if (list && marker) return [{ kind: "item", marker, depth: list.level, text }, ...inner];
    return [{ kind: "paragraph", text }, ...inner];
  }

  /** Text boxes, charts and drawings that hang on a paragraph go to `inner`. */
  #inline(node: XmlNode, part: string, inner: Block[]): string {
    return node.children.map((child) => this.#run(child, part, inner)).join("");
  }

  #run(child: XmlNode, part: string, inner: Block[]): string {
    switch (child.name) {
      case "w:t":
        return textOf(child);
      case "w:tab":
      case "w:ptab":
        return "\t";
      case "w:br":
      case "w:cr":
        return "\n";
      case "w:noBreakHyphen":
        return "-";
      case "w:sym":
        return symbol(child);
      case "w:footnoteReference":
      case "w:endnoteReference":
        return child.attributes["w:customMarkFollows"] === "1"
          ? ""
          : `[${child.name === "w:endnoteReference" ? "e" : ""}${child.attributes["w:id"] ?? ""}]`;
      case "m:oMath":
        return mathText(child);
      case "w:fldChar":
        return `${this.#inline(child, part, inner)}${this.#field(child.attributes["w:fldCharType"] ?? "")}`;
      case "w:instrText":
        for (const field of this.#fields.slice(-1)) field.instruction += textOf(child);
        return "";
      case "w:ffData":
        return legacyField(child);
      case "v:textpath":
        // Letters that are drawn, such as "CONFIDENTIAL" across the page.
        inner.push(...paragraphs(child.attributes.string ?? ""));
        return "";
      case "w14:checkbox":
        return "";
      case "mc:AlternateContent":
        return this.#inline(chosen(child), part, inner);
      case "w:txbxContent":
        inner.push(...this.blocksOf(child, part));
        return "";
      case "w:drawing":
        inner.push(...captionOf(child), ...graphicBlocks(this.archive, part, child, {}));
        return this.#inline(child, part, inner);
      case "w:ruby": {
        const [base, above] = [childOf(child, "w:rubyBase"), childOf(child, "w:rt")];
        const said = above ? this.#inline(above, part, inner) : "";
        return (base ? this.#inline(base, part, inner) : "") + (said === "" ? "" : `(${said})`);
      }
      case "a:t":
      case "wp:docPr":
        return "";
      default:
        if (LEFT_OUT.has(child.name) || child.name === "#text") return "";
        if (isHiddenRun(child)) return "";
        return child.name === "w:r"
          ? withSymbols(this.#inline(child, part, inner), fontOf(child))
          : this.#inline(child, part, inner);
    }
  }

  /** What a field shows that has no result of its own. */
  #field(type: string): string {
    if (type === "begin") this.#fields.push({ instruction: "", hasResult: false });
    else if (type === "separate") for (const field of this.#fields.slice(-1)) field.hasResult = true;
    else if (type === "end") {
      const field = this.#fields.pop();
      return field && !field.hasResult ? equationOfField(field.instruction) : "";
    }
    return "";
  }

  #rows(table: XmlNode, part: string): DocumentCell[][] {
    const rows = below(table, "w:tr").map((row) => {
      const isHead = childOf(row, "w:trPr")?.children.some(({ name }) => name === "w:tblHeader") ?? false;
      const skipped = Number(valueOf(childOf(row, "w:trPr"), "w:gridBefore", "w:val") ?? 0) || 0;
      let column = Math.min(skipped, 100);
      return below(row, "w:tc").map((cell) => {
        const properties = childOf(cell, "w:tcPr");
        const columns = Math.max(1, Number(valueOf(properties, "w:gridSpan", "w:val") ?? 1) || 1);
        const merge = properties && childOf(properties, "w:vMerge");
        const place = column;
        column += columns;
        const goesOn = merge !== null && (merge.attributes["w:val"] ?? "continue") !== "restart";
        return { column: place, columns, goesOn, isHead, blocks: goesOn ? [] : this.blocksOf(cell, part) };
      });
    });
    return rows.map((row, y) =>
      row
        .filter(({ goesOn }) => !goesOn)
        .map(({ column, columns, isHead, blocks }) => {
          let height = 1;
          while (rows[y + height]?.some((cell) => cell.goesOn && cell.column === column)) height += 1;
          return { blocks, columns, rows: height, isHead };
        }),
    );
  }
}

/** Elements of that name through what only wraps them: content controls, tracked rows and the like. */
function below(node: XmlNode, name: string): XmlNode[] {
  return node.children.flatMap((child) => {
    if (child.name === name) return [child];
    return /^w:(sdt|sdtContent|ins|customXml|smartTag)$/.test(child.name) ? below(child, name) : [];
  });
}

/** The newer of two forms of the same drawing. */
function chosen(node: XmlNode): XmlNode {
  return childOf(node, "mc:Choice") ?? childOf(node, "mc:Fallback") ?? { ...node, children: [] };
}

function isHiddenRun(node: XmlNode): boolean {
  const properties = node.name === "w:r" ? childOf(node, "w:rPr") : null;
  const hidden = properties && childOf(properties, "w:vanish");
  return hidden !== null && !/^(0|false|off)$/.test(hidden.attributes["w:val"] ?? "1");
}

/** Whether it is the large first letter of the next paragraph. */
function isInitial(node: XmlNode): boolean {
  const kind = valueOf(childOf(node, "w:pPr"), "w:framePr", "w:dropCap") ?? "none";
  return kind !== "none";
}

/** A sign of a font of pictures. */
function symbol({ attributes }: XmlNode): string {
  const code = Number.parseInt(attributes["w:char"] ?? "", 16);
  return Number.isNaN(code) ? "" : symbolOf(code, attributes["w:font"] ?? "");
}

/** Which font the letters of a run are set in, where the run says so. */
function fontOf(run: XmlNode): string {
  const fonts = childOf(childOf(run, "w:rPr") ?? run, "w:rFonts")?.attributes ?? {};
  return fonts["w:ascii"] ?? fonts["w:hAnsi"] ?? "";
}

/** The boxes of forms as Word had them before content controls. */
function legacyField(node: XmlNode): string {
  const box = find(node, "w:checkBox")[0];
  if (!box) return "";
  const state = childOf(box, "w:checked") ?? childOf(box, "w:default");
  const isChecked = state !== null && !/^(0|false|off)$/.test(state.attributes["w:val"] ?? "1");
  return isChecked ? "☒" : "☐";
}

/** What somebody wrote about the picture for those who don't see it. */
function captionOf(drawing: XmlNode): Block[] {
  const text = find(drawing, "wp:docPr")[0]?.attributes.descr?.trim() ?? "";
  const isWritten = text !== "" && !/\.(png|jpe?g|gif|emf|wmf|bmp|tiff?)$/i.test(text);
  return isWritten ? [{ kind: "caption", text }] : [];
}
