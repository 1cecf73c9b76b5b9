import type { DocumentStageOf } from "../builder.js";
import type { ChunkOutput } from "./chunk.js";
import type { DocumentsOptions } from "./options.js";
import { formatOf, isMedia } from "./formats.js";

export interface StoreOutput {
  readonly chunks: number;
  readonly embedded: number;
  readonly characters: number;
  readonly embeddings: boolean;
  /** Whether the document must hold text, as all do but pictures, sound and film. */
  readonly needsText: boolean;
}

/** Counts what is handed over; the completing change shows it to readers, all at once. */
export const storeStage: DocumentStageOf<DocumentsOptions, ChunkOutput, StoreOutput> = {
  run: async (ctx) => {
    let [chunks, embedded] = [0, 0];
    for await (const { embedding } of ctx.chunks.staged()) {
      chunks += 1;
      if (embedding) embedded += 1;
    }
    const { characters } = ctx.input;
    const format = formatOf(ctx.document.mediaType);
    const needsText = format === null || !isMedia(format);
    return { chunks, embedded, characters, embeddings: ctx.options.embeddings, needsText };
  },
  check: ({ chunks, embedded, embeddings, needsText }, staged) => {
    if (needsText && staged.chunks < 1) throw new Error("there is no chunk");
    if (chunks !== staged.chunks || embedded !== staged.embedded) {
      throw new Error(
        `${staged.chunks} chunks are staged, ${staged.embedded} with a vector, and not ${chunks} and ${embedded}`,
      );
    }
    if (embeddings && embedded !== chunks) throw new Error(`${embedded} of ${chunks} chunks have a vector`);
  },
};
