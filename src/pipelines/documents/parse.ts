import { PermanentError, messageOf } from "../../errors.js";
import type { DocumentContext, DocumentStage } from "../pipeline.js";
import { detect } from "./detect.js";
import { FORMATS, formatOf, isHeard, isMedia, type Format } from "./formats.js";
import type { ParseAid, Parsed, Parser } from "./parsers/parsed.js";

/** Loaded when a document of the format comes: together they take seconds and a hundred megabytes. */
const PARSERS: Readonly<Record<Format, () => Promise<Parser>>> = {
  pdf: async () => (await import("./parsers/pdf.js")).parsePdf,
  docx: async () => (await import("./parsers/docx.js")).parseDocx,
  odt: async () => (await import("./parsers/odt.js")).parseOdt,
  pptx: async () => (await import("./parsers/pptx.js")).parsePptx,
  xlsx: async () => (await import("./parsers/xlsx.js")).parseXlsx,
  eml: async () => (await import("./parsers/eml.js")).parseEml,
  html: async () => (await import("./parsers/html.js")).parseHtml,
  md: async () => (await import("./parsers/plain.js")).parsePlain,
  txt: async () => (await import("./parsers/plain.js")).parsePlain,
  csv: async () => (await import("./parsers/csv.js")).parseCsv,
  json: async () => (await import("./parsers/json.js")).parseJson,
  xml: async () => (await import("./parsers/xml.js")).parseXml,
  png: async () => (await import("./parsers/image.js")).parseImage,
  jpeg: async () => (await import("./parsers/image.js")).parseImage,
  tiff: async () => (await import("./parsers/image.js")).parseImage,
  webp: async () => (await import("./parsers/image.js")).parseImage,
  wav: async () => (await import("./parsers/audio.js")).parseAudio,
  mp3: async () => (await import("./parsers/audio.js")).parseAudio,
  flac: async () => (await import("./parsers/audio.js")).parseAudio,
  ogg: async () => (await import("./parsers/audio.js")).parseAudio,
  m4a: async () => (await import("./parsers/audio.js")).parseAudio,
  mp4: async () => (await import("./parsers/video.js")).parseVideo,
  mkv: async () => (await import("./parsers/video.js")).parseVideo,
  webm: async () => (await import("./parsers/video.js")).parseVideo,
};

/** More text than this no reader pages through, and no chunk list holds. */
const MAX_TEXT_LENGTH = 20_000_000;
/** Page starts are kept for this many pages; chunks behind them have no page. */
const MAX_PAGE_STARTS = 20_000;
/** A mail in a mail in a mail; deeper is an attack or a mistake. */
const MAX_INNER_DEPTH = 5;
/** Old space of the child; shared with `validate`, so that both stages of a document share a warm one. */
export const PARSER_MEMORY_MIB = 1_024;

export interface ParseOutput {
  readonly format: Format;
  readonly characters: number;
  /** Whether the document must hold text: it is wanted, and the format is neither picture, sound nor film. */
  readonly needsText: boolean;
  /** Where each page begins in the text; absent where the format has no pages. */
  readonly pageStarts?: readonly number[];
}

/** What a pipeline wants of its documents. */
export interface ParseAim {
  /** Whether the text is; where not, a document may well hold none. */
  readonly text: boolean;
  /** Whether the letters in images are read. */
  readonly ocr: boolean;
  /** Whether what the parser finds out is kept with the document. */
  readonly metadata: boolean;
  /** Whether somebody writes down what is said: `missing` where it is wanted and nobody can, which is a warning. */
  readonly transcript: "unwanted" | "follows" | "missing";
}

/** Extracts the text. In a child process: parsers meet bytes that nobody vouches for. */
export function parseStage<Options>(aimOf: (options: Options) => ParseAim): DocumentStage {
  return {
    name: "parse",
    isolate: true,
    memoryLimitMiB: PARSER_MEMORY_MIB,
    timeoutMs: 300_000,
    run: async (ctx): Promise<ParseOutput> => {
      const { name, mediaType } = ctx.document;
      const aim = aimOf(ctx.options as Options);
      const format = formatOf(mediaType);
      if (format === null)
        throw new PermanentError("UNSUPPORTED_TYPE", `${name} is ${mediaType}, which no parser takes.`);
      const { text, metadata, pageStarts } = await parsed(format, await ctx.document.bytes(), name, aidOf(ctx, aim));
      assertLength(text, name);
      if (aim.metadata && Object.keys(metadata).length > 0) ctx.setMetadata(metadata);
      const needsText = aim.text && !isMedia(format);
      if (needsText && text.trim() === "") {
        throw new PermanentError("NO_TEXT", `${name} holds no text; if it is a scan, send its pages as images.`);
      }
      if (isHeard(format) && aim.transcript === "missing") {
        ctx.warn(
          "NO_TRANSCRIBER",
          `What is said in ${name} was not written down; set HEADWAY_TRANSCRIBER_URL for that.`,
        );
      }
      if (aim.text) await ctx.setText(text);
      return {
        format,
        characters: text.length,
        needsText,
        ...(pageStarts ? { pageStarts: pageStarts.slice(0, MAX_PAGE_STARTS) } : {}),
      };
    },
    check: ({ needsText, characters }: ParseOutput) => {
      if (characters === 0 && needsText) throw new Error("there is no text");
    },
  };
}

function aidOf(ctx: DocumentContext, { ocr }: ParseAim): ParseAid {
  const aid = (mediaType: string, depth: number): ParseAid => ({
    mediaType,
    ocr,
    warn: (code, message) => ctx.warn(code, message),
    parseInner: async (bytes, name) => {
      if (depth >= MAX_INNER_DEPTH) {
        throw new PermanentError("RESOURCE_LIMIT", `${name} is nested more than ${MAX_INNER_DEPTH} documents deep.`);
      }
      if (bytes.length === 0) return { text: "", metadata: {} };
      const format = formatOf(await detect(bytes, name));
      return format && (await parsed(format, bytes, name, aid(FORMATS[format], depth + 1)));
    },
  });
  return aid(ctx.document.mediaType!, 0);
}

/** What a parser throws that is no verdict of ours means that it could not make sense of the bytes. */
async function parsed(format: Format, bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const parser = await PARSERS[format]();
  try {
    return await parser(bytes, name, aid);
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    throw new PermanentError(
      "MALFORMED_DOCUMENT",
      `${name} is broken (${messageOf(error).slice(0, 300)}); send an intact copy.`,
    );
  }
}

function assertLength({ length }: string, name: string): void {
  if (length <= MAX_TEXT_LENGTH) return;
  throw new PermanentError(
    "RESOURCE_LIMIT",
    `${name} holds ${length} characters of text; at most ${MAX_TEXT_LENGTH} are taken. Split it.`,
  );
}
