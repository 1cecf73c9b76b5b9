import type { Block } from "../blocks/block.js";
import { tableOf, type DocumentCell } from "../blocks/cells.js";
import { assertBlockCount } from "./parsed.js";

type Attributes = Readonly<Record<string, string>>;

export interface HtmlChoice {
  /** Whether `nav` and menus are read. */
  readonly menus: boolean;
  /** Whether what shows only where scripts don't run is read. */
  readonly fallbacks: boolean;
  /** Whether what a page hides is read, as it does until a script of its own shows it. */
  readonly concealed: boolean;
}

/** Elements that no reader sees, whatever they hold. `head` is not among them: pages forget to close it. */
const UNSEEN = new Set(
  "script style template title datalist object embed applet audio video canvas iframe noembed noframes rp map area".split(
    " ",
  ),
);
const BLOCKS = new Set(
  (
    "address article aside blockquote body center dd details dialog div dl dt fieldset figure footer form header hgroup hr html " +
    "legend main nav p section summary figcaption caption optgroup"
  ).split(" "),
);
/** Deeper lists than this are written as if they were this deep. */
const MAX_LIST_DEPTH = 12;
/** Tables inside tables inside tables; a deeper one is read as what is in its cells. */
const MAX_TABLE_DEPTH = 40;

interface List {
  readonly isOrdered: boolean;
  next: number;
}

interface Table {
  readonly kind: "table";
  readonly rows: DocumentCell[][];
  readonly isLayout: boolean;
  readonly listDepth: number;
}
interface Cell {
  readonly kind: "cell";
  readonly blocks: Block[];
  readonly columns: number;
  readonly rows: number;
  readonly isHead: boolean;
}

/** Gathers blocks from the opening and closing of elements. Keeps its own stack, so that no depth is too deep for it. */
export class HtmlBlocks {
  readonly #choice: HtmlChoice;
  readonly #blocks: Block[] = [];
  readonly #frames: (Table | Cell)[] = [];
  readonly #lists: List[] = [];
  /** How many elements are open since one that is not seen; 0 where all is seen. */
  #unseen = 0;
  /** Whether that one is hidden by the page; how deep in it something stands that is no text at all, or 0. */
  #isConcealed = false;
  #mute = 0;
  #concealed = 0;
  #svg = 0;
  #pre = 0;
  #heading = 0;
  #caption = 0;
  #item: { marker: string; depth: number } | null = null;
  #inline = "";
  #count = 0;

  constructor(choice: HtmlChoice) {
    this.#choice = choice;
  }

  /** Whether no drawing is open, whose title is a tooltip. */
  get isOutside(): boolean {
    return this.#svg === 0;
  }

  /** How many characters the page hides. */
  get concealedLength(): number {
    return this.#concealed;
  }

  open(name: string, attributes: Attributes): void {
    if (this.#unseen > 0) {
      this.#unseen += 1;
      if (this.#mute === 0 && UNSEEN.has(name)) this.#mute = this.#unseen;
      return;
    }
    const isHidden = !this.#choice.concealed && isConcealing(attributes);
    if (isHidden || this.#isUnseen(name, attributes)) {
      this.#isConcealed = isHidden && !UNSEEN.has(name);
      this.#unseen += 1;
      return;
    }
    if (/^h[1-6]$/.test(name)) {
      this.#flush();
      this.#heading = Number(name[1]);
    } else if (name === "br") this.#inline += "\n";
    else if (name === "img") this.#inline += ` ${attributes.alt ?? ""} `;
    else if (name === "input") this.#inline += valueOfInput(attributes);
    else if (name === "ul" || name === "ol" || name === "menu") {
      this.#flush();
      this.#lists.push({ isOrdered: name === "ol", next: Number.parseInt(attributes.start ?? "1", 10) || 1 });
    } else if (name === "li") this.#openItem(attributes);
    else if (name === "pre" || name === "xmp" || name === "listing") {
      this.#flush();
      this.#pre += 1;
    } else if (name === "table") this.#openTable(attributes);
    else if (name === "tr") this.#openRow();
    else if (name === "td" || name === "th") this.#openCell(name, attributes);
    else if (name === "rt") this.#inline += "(";
    else if (name === "svg") {
      this.#svg += 1;
      this.#inline += " ";
    } else if (name === "option" || name === "textarea" || name === "button" || name === "select" || name === "text")
      this.#inline += " ";
    else if (name === "figcaption" || name === "caption") {
      this.#flush();
      this.#caption += 1;
    } else if (name === "sup" && /\d$/.test(this.#inline)) this.#inline += "^";
    else if (BLOCKS.has(name)) this.#flush();
  }

  text(text: string): void {
    if (this.#unseen > 0) {
      if (this.#isConcealed && this.#mute === 0) this.#concealed += text.trim().length;
      return;
    }
    const clean = text.replace(/\u00ad/g, "");
    this.#inline += this.#pre > 0 ? clean : clean.replace(/[\t\n\f\r \u00a0]+/g, " ");
  }

  close(name: string): void {
    if (this.#unseen > 0) {
      if (this.#mute === this.#unseen) this.#mute = 0;
      this.#unseen -= 1;
      return;
    }
    if (/^h[1-6]$/.test(name)) {
      this.#flush();
      this.#heading = 0;
    } else if (name === "ul" || name === "ol" || name === "menu") {
      this.#flush();
      this.#lists.pop();
      this.#item = null;
    } else if (name === "li") {
      this.#flush();
      this.#item = null;
    } else if (name === "pre" || name === "xmp" || name === "listing") {
      this.#flush();
      this.#pre = Math.max(0, this.#pre - 1);
    } else if (name === "table") this.#closeTable();
    else if (name === "td" || name === "th") this.#closeCell();
    else if (name === "rt") this.#inline += ")";
    else if (name === "svg") {
      this.#svg = Math.max(0, this.#svg - 1);
      this.#inline += " ";
    } else if (name === "option" || name === "textarea" || name === "button" || name === "select" || name === "text")
      this.#inline += " ";
    else if (name === "figcaption" || name === "caption") {
      this.#flush();
      this.#caption = Math.max(0, this.#caption - 1);
    } else if (BLOCKS.has(name)) this.#flush();
  }

  end(): Block[] {
    while (this.#frames.length > 0) {
      if (this.#frames.at(-1)!.kind === "cell") this.#closeCell();
      else this.#closeTable();
    }
    this.#flush();
    return this.#blocks;
  }

  #isUnseen(name: string, { role, type }: Attributes): boolean {
    if (UNSEEN.has(name)) return true;
    if (this.#svg > 0 && (name === "desc" || name === "metadata" || name === "defs")) return true;
    if (name === "noscript") return !this.#choice.fallbacks;
    if (name === "input" && type === "hidden") return true;
    return !this.#choice.menus && (name === "nav" || role === "navigation" || role === "menu" || role === "menubar");
  }

  /** Where blocks go now: the cell that is open, else the page. */
  get #target(): Block[] {
    const frame = this.#frames.findLast(({ kind }) => kind === "cell") as Cell | undefined;
    return frame?.blocks ?? this.#blocks;
  }

  /** What has been read inline ends as a block of the kind that is open. */
  #flush(): void {
    const raw = this.#inline;
    this.#inline = "";
    if (this.#pre > 0 && this.#heading === 0) {
      if (raw.trim() !== "") this.#target.push({ kind: "code", text: raw });
      return;
    }
    const text = raw
      .replace(/ *\n */g, "\n")
      .replace(/ {2,}/g, " ")
      .replace(/\n{2,}/g, "\n")
      .trim();
    if (text === "") return;
    assertBlockCount((this.#count += 1));
    if (this.#heading > 0) this.#target.push({ kind: "heading", level: this.#heading, text });
    else if (this.#item) {
      this.#target.push({ kind: "item", ...this.#item, text });
      this.#item = null;
    } else if (this.#caption > 0) this.#target.push({ kind: "caption", text });
    else this.#target.push({ kind: "paragraph", text });
  }

  #openItem({ value }: Attributes): void {
    this.#flush();
    const list = this.#lists.at(-1);
    const depth = Math.min(MAX_LIST_DEPTH, Math.max(0, this.#lists.length - 1));
    if (!list?.isOrdered) this.#item = { marker: "-", depth };
    else {
      const number = Number.parseInt(value ?? "", 10);
      if (!Number.isNaN(number)) list.next = number;
      this.#item = { marker: `${list.next}.`, depth };
      list.next += 1;
    }
  }

  #openTable({ role }: Attributes): void {
    this.#flush();
    this.#item = null;
    const isTooDeep = this.#frames.length > MAX_TABLE_DEPTH * 2;
    const isLayout = role === "presentation" || role === "none" || isTooDeep;
    this.#frames.push({ kind: "table", rows: [], isLayout, listDepth: this.#lists.length });
  }

  #openRow(): void {
    if (this.#frames.at(-1)?.kind === "cell") this.#closeCell();
    else this.#flush();
    const table = this.#frames.at(-1);
    if (table?.kind === "table") table.rows.push([]);
  }

  #openCell(name: string, { colspan, rowspan }: Attributes): void {
    if (this.#frames.at(-1)?.kind === "cell") this.#closeCell();
    const table = this.#frames.at(-1);
    if (table?.kind !== "table") return this.#flush();
    this.#flush();
    if (table.rows.length === 0) table.rows.push([]);
    const spanOf = (span = "1"): number => Math.min(1_000, Math.max(1, Number.parseInt(span, 10) || 1));
    this.#frames.push({
      kind: "cell",
      blocks: [],
      columns: spanOf(colspan),
      rows: spanOf(rowspan),
      isHead: name === "th",
    });
  }

  #closeCell(): void {
    this.#flush();
    const cell = this.#frames.at(-1);
    if (cell?.kind !== "cell") return;
    this.#frames.pop();
    const table = this.#frames.at(-1) as Table;
    table.rows.at(-1)!.push(cell);
  }

  #closeTable(): void {
    if (this.#frames.at(-1)?.kind === "cell") this.#closeCell();
    this.#flush();
    const table = this.#frames.at(-1);
    if (table?.kind !== "table") return;
    this.#frames.pop();
    this.#lists.length = Math.min(this.#lists.length, table.listDepth);
    const target = this.#target;
    for (const block of tableOf(table.rows, {}, table.isLayout)) target.push(block); // Spread, too many are no call.
  }
}

function isConcealing({ hidden, style = "" }: Attributes): boolean {
  if (hidden !== undefined && hidden !== "until-found") return true;
  return /(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)\b/i.test(style);
}

/** What a field shows. */
function valueOfInput({ type = "text", value = "", alt = "", checked }: Attributes): string {
  if (type === "checkbox" || type === "radio") return checked === undefined ? " ☐ " : " ☒ ";
  if (type === "password" || type === "file" || type === "color" || type === "range") return "";
  return ` ${type === "image" ? alt : value} `;
}
