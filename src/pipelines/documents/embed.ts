import { RetryLater } from "../../errors.js";
import type { Embedder } from "../embedding/embedder.js";
import type { DocumentStageOf, LeftOut } from "../builder.js";
import type { ChunkDraft } from "../pipeline.js";
import type { ChunkOutput } from "./chunk.js";
import type { DocumentsOptions } from "./options.js";

export interface EmbedOutput extends ChunkOutput {
  readonly embedded: number;
}

/** Gives every chunk that has none its vector. */
export function embedStage(
  embedder: Embedder,
): DocumentStageOf<DocumentsOptions, ChunkOutput, EmbedOutput> & LeftOut<DocumentsOptions> {
  return {
    timeoutMs: 3_600_000,
    when: (options) => options.embeddings,
    run: async (ctx) => {
      const { chunks: total, characters } = ctx.input;
      let embedded = 0;
      let later: RetryLater | null = null;
      const vectorsOf = async (bare: readonly ChunkDraft[]): Promise<readonly Float32Array[]> => {
        if (bare.length === 0 || later !== null) return [];
        try {
          return await embedder.embed(bare.map(meaningOf), ctx.signal);
        } catch (error) {
          if (!(error instanceof RetryLater)) throw error;
          // What has its vector keeps it: else a document of more requests than the server takes would never be done.
          later = error;
          return [];
        }
      };
      const withVectors = async function* (): AsyncIterable<ChunkDraft> {
        for await (const batch of batches(ctx.chunks.staged(), embedder.batchSize)) {
          const bare = batch.filter((chunk) => !chunk.embedding);
          const vectors = await vectorsOf(bare);
          const byOrdinal = new Map(bare.map((chunk, index) => [chunk.ordinal, vectors[index] ?? null]));
          for (const chunk of batch)
            yield { ...chunk, embedding: chunk.embedding ?? byOrdinal.get(chunk.ordinal) ?? null };
          if (later !== null) continue;
          embedded += batch.length;
          ctx.progress(embedded / Math.max(1, total), `${embedded} of ${total} chunks`);
        }
      };
      await ctx.chunks.replace(withVectors());
      if (later !== null) throw later as RetryLater;
      return { chunks: total, characters, embedded };
    },
    check: ({ chunks }, staged) => {
      if (staged.chunks !== chunks || staged.embedded !== chunks) {
        throw new Error(`of ${chunks} chunks ${staged.chunks} are staged, ${staged.embedded} with a vector`);
      }
    },
  };
}

/** What a chunk is to be found by: a row of a table says little without the head of its columns. */
function meaningOf({ context, text }: ChunkDraft): string {
  return context ? `${context}\n${text}` : text;
}

async function* batches(chunks: AsyncIterable<ChunkDraft>, size: number): AsyncIterable<ChunkDraft[]> {
  let batch: ChunkDraft[] = [];
  for await (const chunk of chunks) {
    batch.push(chunk);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
