import { PermanentError } from "../../errors.js";
import type { DocumentStageOf } from "../builder.js";
import { packOutline, type Outline } from "./blocks/outline.js";
import { write } from "./blocks/write.js";
import { described } from "./describe-text.js";
import { FORMATS, formatOf, isHeard, isMedia, type Format } from "./formats.js";
import { KeptPages } from "./kept-pages.js";
import { parseDocument } from "./parse-document.js";

/** More text than this no reader pages through, and no chunk list holds. */
const MAX_TEXT_LENGTH = 20_000_000;
/** Old space of the child; shared with `validate`, so that both stages of a document share a warm one. */
export const PARSER_MEMORY_MIB = 1_024;

export interface ParseOutput {
  readonly format: Format;
  readonly characters: number;
  /** Whether the document must hold text: it is wanted, and the format is neither picture, sound nor film. */
  readonly needsText: boolean;
  /** Where the pieces of the text are, by which it is cut into chunks; absent where it is not wanted. */
  readonly outline?: Outline;
}

/** What a pipeline wants of its documents. */
export interface ParseAim {
  /** Whether the text is; where not, a document may well hold none. */
  readonly text: boolean;
  /** Whether the letters in images are read. */
  readonly ocr: boolean;
  /** Whether menus and other navigation of web pages belong to the text. */
  readonly menus?: boolean;
  /** Whether the blocks are left as the artifact `blocks.json`. */
  readonly blocks?: boolean;
  /** Whether what the parser finds out is kept with the document. */
  readonly metadata: boolean;
  /** Whether somebody writes down what is said: `missing` where it is wanted and nobody can, which is a warning. */
  readonly transcript: "unwanted" | "follows" | "missing";
}

/** Extracts the text. In a child process: parsers meet bytes that nobody vouches for. */
export function parseStage<Options>(
  aimOf: (options: Options) => ParseAim,
): DocumentStageOf<Options, unknown, ParseOutput> {
  return {
    isolate: true,
    memoryLimitMiB: PARSER_MEMORY_MIB,
    timeoutMs: 1_200_000,
    run: async (ctx) => {
      const { name, mediaType } = ctx.document;
      const aim = aimOf(ctx.options);
      const format = formatOf(mediaType);
      if (format === null)
        throw new PermanentError("UNSUPPORTED_TYPE", `${name} is ${mediaType}, which no parser supports.`);
      const bytes = await ctx.document.bytes();
      const found = await parseDocument(bytes, name, {
        mediaType: FORMATS[format],
        ocr: aim.ocr,
        menus: aim.menus ?? false,
        warn: (code, message, scope) => ctx.warn(code, message, scope),
        progress: (fraction, message) => ctx.progress(fraction, message),
        // Staged as text until the text is: of a document whose text is not wanted nothing is staged.
        keptPages: aim.ocr && aim.text ? new KeptPages(ctx, bytes) : undefined,
      });
      const { text, pieces } = write(found.blocks);
      assertLength(text, name);
      if (aim.metadata) ctx.setMetadata(await described(found.metadata, text));
      const needsText = aim.text && !isMedia(format);
      if (needsText && text.trim() === "") {
        throw new PermanentError("NO_TEXT", `${name} holds no text; if it is a scan, send its pages as images.`);
      }
      if (isHeard(format) && aim.transcript === "missing") {
        ctx.warn(
          "NO_TRANSCRIBER",
          `The speech in ${name} was not transcribed; set HEADWAY_TRANSCRIBER_URL to enable it.`,
        );
      }
      if (aim.text) await ctx.setText(text);
      if (aim.blocks) await ctx.artifacts.write("blocks.json", JSON.stringify(found.blocks), "application/json");
      return {
        format,
        characters: text.length,
        needsText,
        ...(aim.text && pieces.length > 0 ? { outline: packOutline(pieces) } : {}),
      };
    },
    check: ({ needsText, characters }) => {
      if (characters === 0 && needsText) throw new Error("there is no text");
    },
  };
}

function assertLength({ length }: string, name: string): void {
  if (length <= MAX_TEXT_LENGTH) return;
  throw new PermanentError(
    "RESOURCE_LIMIT",
    `${name} holds ${length} characters of text; the limit is ${MAX_TEXT_LENGTH}. Split it.`,
  );
}
