import { PermanentError, messageOf } from "../../../errors.js";
import type { Block } from "../blocks/block.js";
import { htmlBlocks } from "./html.js";
import { markdownBlocks } from "./markdown.js";
import { factsOf, readText, type ParseAid, type Parsed } from "./parsed.js";
import { picturesRead, type InnerPicture } from "./pictures.js";

type Fields = Readonly<Record<string, unknown>>;

/** Of one output: a log of more is no reading. */
const MAX_OUTPUT_LENGTH = 100_000;

/** A notebook (ipynb) cell by cell: prose as Markdown, code as code, and what came out of it as text or table. */
export async function parseNotebook(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { text } = readText(bytes, name, aid);
  const book = bookOf(text, name);
  const about = fields(book.metadata);
  const kernel = fields(about.kernelspec);
  const language = string(fields(about.language_info).name) || string(kernel.language) || "python";
  const blocks: Block[] = [];
  const pictures: InnerPicture[] = [];
  let cut = 0;
  for (const cell of cellsOf(book)) {
    const source = joined(cell.source ?? cell.input);
    if (cell.cell_type === "code") {
      if (source.trim() !== "") blocks.push({ kind: "code", text: source, language });
      for (const output of list(cell.outputs).map(fields)) cut += outputBlocks(output, blocks, pictures);
    } else if (cell.cell_type === "heading")
      blocks.push({ kind: "heading", level: Number(cell.level) || 1, text: source });
    else if (cell.cell_type === "markdown") blocks.push(...markdownBlocks(source));
    else if (source.trim() !== "") blocks.push({ kind: "lines", text: source });
  }
  if (cut > 0) {
    aid.warn(
      "OUTPUTS_CUT",
      `${cut} outputs in ${name} are longer than ${MAX_OUTPUT_LENGTH} characters; their ends were left out.`,
      { count: cut },
    );
  }
  blocks.push(...(await picturesRead(pictures, name, aid)));
  const title = blocks.find((block) => block.kind === "source" && block.of === "heading");
  const heading = title && "text" in title ? title.text.replace(/^#+\s+|\n[=-]+\s*$/g, "") : undefined;
  const authors = list(about.authors)
    .map((one) => string(fields(one).name))
    .filter(Boolean);
  const named = { title: string(about.title) || heading, creator: authors.length > 0 ? authors : undefined };
  return { blocks, metadata: factsOf({ ...named, programmingLanguage: language, cells: cellsOf(book).length }) };
}

function bookOf(text: string, name: string): Fields {
  try {
    const value = fields(JSON.parse(text.replace(/^\uFEFF/, "")));
    if (Array.isArray(value.cells) || Array.isArray(value.worksheets)) return value;
  } catch (error) {
    throw new PermanentError(
      "MALFORMED_DOCUMENT",
      `${name} is not a valid notebook (${messageOf(error).slice(0, 300)}); send an intact copy.`,
    );
  }
  throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no cells; send an intact notebook.`);
}

/** Before the fourth version they stood in sheets. */
function cellsOf(book: Fields): Fields[] {
  const sheets = list(book.worksheets).flatMap((sheet) => list(fields(sheet).cells));
  return [...list(book.cells), ...sheets].map(fields);
}

/** Appends what an output shows. Returns 1 where its end is left out. */
function outputBlocks(output: Fields, blocks: Block[], pictures: InnerPicture[]): number {
  const data = fields(output.data ?? output);
  const image = joined(data["image/png"] ?? data["image/jpeg"] ?? data.png ?? data.jpeg);
  if (image !== "") pictures.push({ name: `output ${pictures.length + 1}`, read: () => Buffer.from(image, "base64") });
  if (output.output_type === "error" || output.output_type === "pyerr") {
    return said(`${string(output.ename)}: ${string(output.evalue)}`, blocks);
  }
  const html = joined(data["text/html"]);
  if (/<table\b/i.test(html)) {
    const found = htmlBlocks(html.slice(0, MAX_OUTPUT_LENGTH * 10)).blocks;
    for (const block of found) blocks.push(block);
    if (found.length > 0) return 0;
  }
  const markdown = joined(data["text/markdown"]);
  if (markdown.trim() !== "") {
    for (const block of markdownBlocks(markdown)) blocks.push(block);
    return 0;
  }
  return said(joined(output.text) || joined(data["text/plain"]), blocks);
}

function said(text: string, blocks: Block[]): number {
  // Colours of a terminal are no text.
  const plain = text.slice(0, MAX_OUTPUT_LENGTH).replace(/\u001b\[[\d;]*[A-Za-z]/g, "");
  if (plain.trim() !== "") blocks.push({ kind: "code", text: plain });
  return text.length > MAX_OUTPUT_LENGTH ? 1 : 0;
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Text is written as one string or as its lines. */
function joined(value: unknown): string {
  return Array.isArray(value) ? value.map(string).join("") : string(value);
}
