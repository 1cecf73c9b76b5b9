import { PermanentError } from "../../../errors.js";
import type { Json } from "../../pipeline.js";
import type { Block } from "../blocks/block.js";
import { APART, destinationOf, SILENT, TEXT_OF_WORD, type RtfDestination } from "./rtf-destinations.js";
import { RtfFacts, RtfStyles } from "./rtf-facts.js";
import { fieldText, formText, isPageNumber, newField, type RtfField } from "./rtf-fields.js";
import { RtfFonts } from "./rtf-fonts.js";
import { TextFlow, type FlowParagraph } from "./text-flow.js";
import { codeUnit, rtfTokens, type RtfToken } from "./rtf-tokens.js";

/** What a file of rich text holds. */
export interface RtfContent {
  readonly headers: readonly Block[];
  readonly body: readonly Block[];
  readonly notes: readonly Block[];
  readonly footers: readonly Block[];
  readonly facts: Readonly<Record<string, Json>>;
  readonly pictures: readonly Uint8Array[];
  /** How many objects of other programs stand in it. */
  readonly embedded: number;
  /** Whether it ends within a group. */
  readonly isCut: boolean;
  /** Code pages of its text that are not known. */
  readonly unknownPages: readonly number[];
  /** Pictures that are too large to be kept. */
  readonly leftOut: number;
}

/** What holds until the group closes. */
interface State extends FlowParagraph {
  readonly destination: RtfDestination;
  readonly sink: TextFlow;
  /** Its number; null for the one that the file begins with. */
  readonly font: number | null;
  readonly isHidden: boolean;
  /** How many letters stand in for one of Unicode, for programs that don't know it. */
  readonly stand: number;
  readonly field: RtfField | null;
  /** What the group around an alternative is; its second half is the one to read. */
  readonly outer: RtfDestination;
  /** A group that begins with a star may be left out by whoever does not know it. */
  readonly isOptional: boolean;
  /** Whether nothing has been read of the group yet. */
  readonly isFresh: boolean;
}

/** Hex digits of one picture, and of all. */
const MAX_PICTURE_LENGTH = 40_000_000;
/** Reads rich text group by group. Letters of one byte gather until something says how they are to be understood. */
export class RtfReader {
  readonly #maxDepth: number;
  readonly #fonts = new RtfFonts();
  readonly #styles = new RtfStyles();
  readonly #facts = new RtfFacts();
  readonly #body = new TextFlow();
  readonly #margins = { header: new Map<string, readonly Block[]>(), footer: new Map<string, readonly Block[]>() };
  readonly #notes: Block[] = [];
  readonly #pictures: Uint8Array[] = [];
  readonly #stack: State[] = [];
  #state: State;
  #bytes: string[] = [];
  #picture: string[] = [];
  #skip = 0;
  #noted = 0;
  #author = "";
  #embedded = 0;
  #leftOut = 0;

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
    const text = { destination: "text", outer: "text", sink: this.#body, font: null, field: null } as const;
    const plain = { isHidden: false, stand: 1, isOptional: false, isFresh: false, depth: 0, heading: null, level: 0 };
    this.#state = { ...text, ...plain };
  }

  /** @throws {PermanentError} RESOURCE_LIMIT where groups are nested too deep */
  read(source: string): RtfContent {
    for (const token of rtfTokens(source)) this.#take(token);
    this.#flush();
    const isCut = this.#stack.length > 0;
    while (this.#stack.length > 0) this.#close();
    const once = (margin: ReadonlyMap<string, readonly Block[]>): Block[] => [...margin.values()].flat();
    return {
      headers: once(this.#margins.header),
      body: this.#body.end(),
      notes: this.#notes,
      footers: once(this.#margins.footer),
      facts: this.#facts.all(),
      pictures: this.#pictures,
      embedded: this.#embedded,
      isCut,
      unknownPages: [...this.#fonts.unknown],
      leftOut: this.#leftOut,
    };
  }

  #take(token: RtfToken): void {
    if (token.kind === "text") return this.#letters(token.text);
    if (token.kind === "byte") return this.#letters(String.fromCharCode(token.byte));
    this.#flush();
    if (token.kind === "word" && this.#skip > 0 && TEXT_OF_WORD.has(token.word)) this.#skip -= 1;
    else {
      this.#skip = 0;
      if (token.kind === "open") this.#open();
      else if (token.kind === "close") this.#close();
      else if (token.kind === "symbol") this.#symbol(token.symbol);
      else this.#word(token.word, token.value);
    }
  }

  #letters(text: string): void {
    const skipped = Math.min(this.#skip, text.length);
    this.#skip -= skipped;
    if (text.length > skipped) this.#bytes.push(text.slice(skipped));
  }

  #flush(): void {
    if (this.#bytes.length === 0) return;
    const bytes = this.#bytes.join("");
    this.#bytes = [];
    const { destination, font } = this.#state;
    if (destination === "picture") this.#picture.push(bytes);
    else this.#say(this.#fonts.decode(bytes, destination === "fonts" ? null : font));
    if (this.#state.isFresh) this.#set({ isFresh: false });
  }

  #set(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
  }

  #open(): void {
    if (this.#stack.length >= this.#maxDepth) {
      throw new PermanentError(
        "RESOURCE_LIMIT",
        `The rich text is nested more than ${this.#maxDepth} groups deep; flatten it.`,
      );
    }
    this.#stack.push(this.#state);
    this.#set({ isFresh: true, isOptional: false });
  }

  #close(): void {
    const closed = this.#state;
    const outer = this.#stack.pop();
    if (!outer) return;
    this.#state = outer;
    if (closed.sink !== outer.sink) this.#endApart(closed, outer.sink);
    if (closed.field !== null && closed.field !== outer.field)
      outer.sink.text(this.#seen(outer, fieldText(closed.field)));
    if (closed.destination === outer.destination) return;
    if (closed.destination === "picture") this.#endPicture();
    else if (closed.destination === "created" || closed.destination === "modified") {
      this.#facts.endDate(closed.destination);
    } else if (closed.destination === "entry") closed.field?.entries.push("");
    else if (closed.destination === "instruction" && outer.destination !== "instruction" && closed.field) {
      outer.sink.text(this.#seen(outer, formText(closed.field)));
    }
  }

  #seen({ destination, isHidden }: State, text: string): string {
    return isHidden || SILENT.includes(destination) ? "" : text;
  }

  #endApart({ sink, destination }: State, around: TextFlow): void {
    const blocks = sink.end();
    if (destination === "box") return around.beside(blocks);
    if (destination === "header" || destination === "footer") {
      // A page number says nothing where there are no pages.
      if (!blocks.some((block) => !("text" in block) || /\p{L}/u.test(block.text))) return;
      const plain = blocks.map((one): Block => (one.kind === "heading" ? { kind: "paragraph", text: one.text } : one));
      this.#margins[destination].set(JSON.stringify(plain), plain);
      return;
    }
    const text = blocks.map((block) => ("text" in block ? block.text : block.rows.flat().join(" "))).join("\n");
    const author = this.#author.trim();
    const mark = destination === "comment" ? `Comment${author && ` (${author})`}:` : `[${this.#noted}]`;
    if (destination === "comment") this.#author = "";
    if (text !== "") this.#notes.push({ kind: "note", text: `${mark} ${text}` });
  }

  #endPicture(): void {
    const hex = this.#picture.join("").replace(/[^0-9a-fA-F]/g, "");
    this.#picture = [];
    if (hex.length > MAX_PICTURE_LENGTH) this.#leftOut += 1;
    else if (hex !== "") this.#pictures.push(Buffer.from(hex, "hex"));
  }

  #symbol(symbol: string): void {
    if (symbol === "*") this.#set({ isOptional: true });
    else if (symbol === "~") this.#say("\u00a0");
    else if (symbol === "_") this.#say("-");
    else if (symbol === "\n" || symbol === "\r") this.#word("par", null);
    else if (symbol === "\\" || symbol === "{" || symbol === "}") this.#say(symbol);
  }

  /** Text goes where the group that is open says. */
  #say(text: string): void {
    const { destination, sink, isHidden, field } = this.#state;
    if (destination === "fonts") this.#fonts.name(text);
    else if (destination === "styles") this.#styles.name(text);
    else if (destination === "instruction") {
      if (field && field.instruction.length < 1_000) field.instruction += text;
    } else if (destination === "entry") field?.entries.push((field.entries.pop() ?? "") + text);
    else if (destination === "author") this.#author = (this.#author + text).slice(0, 200);
    else if (destination === "marker") sink.marker(text);
    else if (destination.startsWith("fact:")) this.#facts.add(destination.slice(5), text);
    else if (!SILENT.includes(destination) && !isHidden) {
      if (field) field.hasResult = true;
      const isMargin = sink !== this.#body;
      if (!field || !isPageNumber(field, isMargin)) sink.text(text);
    }
  }

  #word(word: string, value: number | null): void {
    const { isFresh, isOptional, destination, outer } = this.#state;
    if (isFresh) {
      this.#set({ isFresh: false });
      if (destination === "left out") return;
      // The half of an alternative that is in Unicode.
      const found = word === "ud" ? outer : destinationOf(word, isOptional, destination);
      if (word === "field") return this.#set({ field: newField() });
      if (found !== null) return this.#enter(word, found);
    }
    if (destination === "left out" || destination === "picture") return;
    if (destination === "fonts") this.#fonts.word(word, value);
    else if (destination === "styles") this.#styles.word(word, value);
    else if (destination === "created" || destination === "modified") this.#facts.datePart(word, value ?? 0);
    else if (destination === "instruction") this.#fieldWord(word, value);
    else this.#textWord(word, value);
  }

  #enter(word: string, destination: RtfDestination): void {
    if (word === "object") this.#embedded += 1;
    if (destination === "note") {
      this.#noted += 1;
      this.#state.sink.text(`[${this.#noted}]`);
    }
    this.#set({
      destination,
      ...(word === "upr" ? { outer: this.#state.destination } : {}),
      ...(APART.includes(destination) ? { sink: new TextFlow(), depth: 0, heading: null, field: null } : {}),
    });
  }

  #fieldWord(word: string, value: number | null): void {
    const { field } = this.#state;
    if (!field) return;
    if (word === "fftype") field.kind = value ?? 0;
    else if (word === "ffres") field.result = value;
    else if (word === "ffdefres") field.preset = value ?? 0;
  }

  #textWord(word: string, value: number | null): void {
    const state = this.#state;
    const { sink, depth } = state;
    const text = TEXT_OF_WORD.get(word);
    if (text !== undefined) this.#say(text);
    else if (word === "u") this.#unicode(value ?? 0);
    else if (word === "par" || word === "sect" || word === "page") {
      if (state.destination === "text" || APART.includes(state.destination)) sink.endParagraph(state);
      else this.#say(" ");
    } else if (word === "cell") sink.endCell({ ...state, depth: 1 });
    else if (word === "nestcell") sink.endCell({ ...state, depth: Math.max(2, depth) });
    else if (word === "row") sink.endRow(1);
    else if (word === "nestrow") sink.endRow(Math.max(2, depth));
    else if (!sink.rowWord(word, value, state.destination === "row")) this.#property(word, value);
  }

  #unicode(value: number): void {
    const code = value < 0 ? value + 65_536 : value;
    // Where fonts of pictures are used, their letters stand in an area of nobody's.
    const isPrivate = code >= 0xf000 && code <= 0xf0ff;
    this.#say(isPrivate ? this.#fonts.symbol(code, this.#state.font) : codeUnit(code));
    this.#skip = this.#state.stand;
  }

  #property(word: string, value: number | null): void {
    const isOn = value !== 0;
    if (word === "pard") this.#set({ depth: 0, heading: null, level: 0 });
    else if (word === "s") this.#set({ heading: this.#styles.headingOf(value ?? 0) });
    else if (word === "outlinelevel")
      this.#set({ heading: value !== null && value < 9 ? Math.min(6, value + 1) : null });
    else if (word === "ilvl") this.#set({ level: Math.min(8, Math.max(0, value ?? 0)) });
    else if (word === "intbl") this.#set({ depth: isOn ? Math.max(1, this.#state.depth) : 0 });
    else if (word === "itap") this.#set({ depth: Math.min(20, Math.max(0, value ?? 0)) });
    else if (word === "plain") this.#set({ isHidden: false, font: null });
    else if (word === "v" || word === "deleted") this.#set({ isHidden: isOn });
    else if (word === "f") this.#set({ font: value });
    else if (word === "uc") this.#set({ stand: Math.min(10, Math.max(0, value ?? 1)) });
    else if (word === "deff") this.#fonts.standard = value;
    else if (word === "ansicpg") this.#fonts.setCodePage(value ?? 0);
    else if (word === "mac") this.#fonts.setCodePage(10_000);
    else if (word === "pc") this.#fonts.setCodePage(437);
    else if (word === "pca") this.#fonts.setCodePage(850);
  }
}
