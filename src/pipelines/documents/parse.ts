import { PermanentError, messageOf } from "../../errors.js";
import type { DocumentStage } from "../pipeline.js";
import type { DocumentsOptions } from "./documents.js";
import { formatOf, type Format } from "./formats.js";
import type { Parsed, Parser } from "./parsers/parsed.js";

/** Loaded when a document of the format comes up, which is in a child process: nothing else pays for the libraries. */
const PARSERS: Readonly<Record<Format, () => Promise<Parser>>> = {
  pdf: async () => (await import("./parsers/pdf.js")).parsePdf,
  docx: async () => (await import("./parsers/docx.js")).parseDocx,
  html: async () => (await import("./parsers/html.js")).parseHtml,
  md: async () => (await import("./parsers/plain.js")).parsePlain,
  txt: async () => (await import("./parsers/plain.js")).parsePlain,
  csv: async () => (await import("./parsers/csv.js")).parseCsv,
  json: async () => (await import("./parsers/json.js")).parseJson,
  xml: async () => (await import("./parsers/xml.js")).parseXml,
};

/** More text than this no reader pages through, and no chunk list holds. */
const MAX_TEXT_LENGTH = 20_000_000;
/** Page starts are kept for this many pages; chunks behind them have no page. */
const MAX_PAGE_STARTS = 20_000;

export interface ParseOutput {
  readonly format: Format;
  readonly characters: number;
  /** Where each page begins in the text; absent where the format has no pages. */
  readonly pageStarts?: readonly number[];
}

/** Extracts the text. In a child process: parsers meet bytes that nobody vouches for. */
export const parseStage: DocumentStage = {
  name: "parse",
  isolate: true,
  memoryLimitMiB: 1_024,
  timeoutMs: 120_000,
  run: async (ctx): Promise<ParseOutput> => {
    const { name, mediaType } = ctx.document;
    const format = formatOf(mediaType);
    if (format === null)
      throw new PermanentError("UNSUPPORTED_TYPE", `${name} is ${mediaType}, which no parser takes.`);
    const { text, metadata, pageStarts } = await parsed(await PARSERS[format](), await ctx.document.bytes(), name);
    if (text.length > MAX_TEXT_LENGTH) {
      throw new PermanentError(
        "RESOURCE_LIMIT",
        `${name} holds ${text.length} characters of text; at most ${MAX_TEXT_LENGTH} are taken. Split it.`,
      );
    }
    if ((ctx.options as DocumentsOptions).metadata && Object.keys(metadata).length > 0) ctx.setMetadata(metadata);
    if (text.trim() === "") {
      throw new PermanentError("NO_TEXT", `${name} holds no text; if it is a scan, it needs OCR before it is sent.`);
    }
    await ctx.setText(text);
    return {
      format,
      characters: text.length,
      ...(pageStarts ? { pageStarts: pageStarts.slice(0, MAX_PAGE_STARTS) } : {}),
    };
  },
};

/** What a parser throws that is no verdict of ours means that it could not make sense of the bytes. */
async function parsed(parser: Parser, bytes: Uint8Array, name: string): Promise<Parsed> {
  try {
    return await parser(bytes, name);
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    throw new PermanentError(
      "MALFORMED_DOCUMENT",
      `${name} is broken (${messageOf(error).slice(0, 300)}); send an intact copy.`,
    );
  }
}
