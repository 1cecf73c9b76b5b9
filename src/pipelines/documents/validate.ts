import { PermanentError } from "../../errors.js";
import type { DocumentStageOf } from "../builder.js";
import { detect } from "./detect.js";
import { FORMATS, formatOf } from "./formats.js";
import { PARSER_MEMORY_MIB } from "./parse.js";
import { refusalOf } from "./refusals.js";

export interface ValidateOutput {
  readonly mediaType: string;
  readonly sizeBytes: number;
}

/** Finds out by content what the bytes are, and refuses what no parser supports. Detectors read untrusted bytes, too. */
export const validateStage: DocumentStageOf<unknown, unknown, ValidateOutput> = {
  isolate: true,
  memoryLimitMiB: PARSER_MEMORY_MIB,
  timeoutMs: 60_000,
  run: async (ctx) => {
    const bytes = await ctx.document.bytes();
    const { name } = ctx.document;
    if (bytes.length === 0) throw new PermanentError("EMPTY_DOCUMENT", `${name} has no bytes; send its content again.`);
    const mediaType = await detect(bytes, name);
    ctx.setMediaType(mediaType);
    if (formatOf(mediaType) === null) {
      throw new PermanentError("UNSUPPORTED_TYPE", refusalOf(mediaType, name, Object.keys(FORMATS)));
    }
    return { mediaType, sizeBytes: bytes.length };
  },
  check: ({ mediaType }) => {
    if (formatOf(mediaType) === null) throw new Error(`no parser supports ${mediaType}`);
  },
};
