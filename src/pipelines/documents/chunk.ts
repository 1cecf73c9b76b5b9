import { PermanentError } from "../../errors.js";
import type { DocumentStageOf } from "../builder.js";
import { unpackOutline } from "./blocks/outline.js";
import { packChunks } from "./blocks/pack.js";
import type { DocumentsOptions } from "./options.js";
import type { ParseOutput } from "./parse.js";

export interface ChunkOutput {
  readonly characters: number;
  readonly chunks: number;
}

/** Cuts the text into chunks of at most `chunkSize` characters, by its structure. */
export const chunkStage: DocumentStageOf<DocumentsOptions, ParseOutput, ChunkOutput> = {
  run: async (ctx) => {
    const { characters, outline } = ctx.input;
    const text = await ctx.stagedText();
    if (text === null)
      throw new PermanentError("NO_TEXT", `No text of ${ctx.document.name} is staged; retry it from its first stage.`);
    const pieces = outline ? unpackOutline(outline) : [];
    const chunks = packChunks(text, pieces, ctx.options.chunkSize);
    await ctx.chunks.replace(chunks);
    return { characters, chunks: chunks.length };
  },
  check: ({ chunks }, staged) => {
    if (chunks !== staged.chunks) throw new Error(`${staged.chunks} of ${chunks} chunks are staged`);
  },
};
