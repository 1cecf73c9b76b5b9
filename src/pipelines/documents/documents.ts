import { z } from "zod";
import type { Embedder } from "../embedding/embedder.js";
import { definePipeline, type Pipeline } from "../pipeline.js";
import { chunkStage } from "./chunk.js";
import { describeStage } from "./describe.js";
import { downloadStage } from "./download.js";
import { embedStage } from "./embed.js";
import { parseStage } from "./parse.js";
import { storeStage } from "./store.js";
import { validateStage } from "./validate.js";

const Options = z.strictObject({
  embeddings: z.boolean().default(true).describe("Whether chunks get vectors, so that search finds them."),
  metadata: z.boolean().default(true).describe("Whether what the parser finds out is kept with the document."),
  chunkSize: z.number().int().min(100).max(8_000).default(1_000).describe("Characters of a chunk at most."),
});
export type DocumentsOptions = z.output<typeof Options>;

export interface DocumentsParts {
  readonly embedder: Embedder;
  readonly maxDocumentBytes: number;
}

/** The built-in pipeline for documents of every kind: their text, in chunks, searchable. */
export function documentsPipeline({ embedder, maxDocumentBytes }: DocumentsParts): Pipeline {
  return definePipeline({
    name: "documents",
    version: 1,
    description: "Extracts the text of documents, cuts it into chunks and makes them searchable.",
    options: Options,
    documentStages: [
      downloadStage(maxDocumentBytes),
      validateStage,
      parseStage,
      chunkStage,
      embedStage(embedder),
      storeStage,
    ],
    collectionStages: [describeStage],
  });
}
