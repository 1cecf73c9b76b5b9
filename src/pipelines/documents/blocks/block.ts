/** Where in its source a block comes from. */
export interface BlockPlace {
  /** Page or slide, from 1. */
  readonly page?: number;
  /** Slides and the like are read one by one: chunks never hold parts of two. */
  readonly isSlide?: boolean;
  /** The attachment of a mail or the sheet of a workbook, as a path where one is inside the other. */
  readonly part?: string;
  /** The cells of the sheet, such as "A1:C7". */
  readonly range?: string;
}

/** A piece of a document, as every parser yields it. Text is plain; line breaks in it are the document's own. */
export type Block = BlockPlace &
  (
    | { readonly kind: "heading"; readonly level: number; readonly text: string }
    | { readonly kind: "paragraph" | "caption" | "note"; readonly text: string }
    /** Short lines that belong to one another: values under their names, verses, an address. */
    | { readonly kind: "lines"; readonly text: string }
    /** `marker` is what stands before it, such as "-", "3." or "(a)"; depth from 0. */
    | { readonly kind: "item"; readonly text: string; readonly marker: string; readonly depth: number }
    /** Rows of cells; the first `headRows` name the columns. Spanned cells are repeated. */
    | { readonly kind: "table"; readonly rows: readonly (readonly string[])[]; readonly headRows: number }
    /** Kept as it stands, white space too. */
    | { readonly kind: "code"; readonly text: string; readonly language?: string }
    /** A piece of a document that is Markdown already. */
    | { readonly kind: "source"; readonly text: string; readonly of: PieceKind; readonly level: number }
  );

export type PieceKind = "heading" | "text" | "lines" | "item" | "table" | "code";

/** A paragraph, where there is anything to say. */
export function paragraphs(text: string, place: BlockPlace = {}): Block[] {
  return text
    .split(/\n[^\S\n]*\n\s*/)
    .map((one) => one.replace(/[^\S\n]+\n/g, "\n").trim())
    .filter((one) => one !== "")
    .map((one) => ({ kind: "paragraph", text: one, ...place }));
}

/** The blocks of something inside another document, under its name. */
export function within(part: string, blocks: readonly Block[]): Block[] {
  return blocks.map((block) => ({ ...block, part: block.part === undefined ? part : `${part}/${block.part}` }));
}

/** Whether there is any word in them. */
export function holdText(blocks: readonly Block[]): boolean {
  return blocks.some((block) =>
    block.kind === "table"
      ? block.rows.some((row) => row.some((cell) => cell.trim() !== ""))
      : block.text.trim() !== "",
  );
}
