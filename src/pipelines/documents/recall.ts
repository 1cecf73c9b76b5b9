import { PermanentError } from "../../errors.js";
import type { DocumentStageOf } from "../builder.js";
import type { ChunkOutput } from "./chunk.js";
import type { DocumentsOptions } from "./options.js";

/** Takes up the text and the chunks that are there, so that what follows works on them without parsing again. */
export const recallStage: DocumentStageOf<DocumentsOptions, unknown, ChunkOutput> = {
  run: async (ctx) => {
    const kept = await ctx.stageKept();
    if (kept !== null) return kept;
    throw new PermanentError(
      "NO_TEXT",
      `${ctx.document.name} has no text for its current content; submit it without "only" first.`,
    );
  },
};
