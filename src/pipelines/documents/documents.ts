import { z } from "zod";
import type { Embedder } from "../embedding/embedder.js";
import type { OpenAiServer } from "../openai-client.js";
import { definePipeline, type Pipeline } from "../pipeline.js";
import { chunkStage } from "./chunk.js";
import { describeStage } from "./describe.js";
import { downloadStage } from "./download.js";
import { embedStage } from "./embed.js";
import { graphStage } from "./graph/graph.js";
import { parseStage } from "./parse.js";
import { storeStage } from "./store.js";
import { transcribeStage } from "./transcribe.js";
import { validateStage } from "./validate.js";

const Options = z.strictObject({
  embeddings: z.boolean().default(true).describe("Whether chunks get vectors, so that search finds them."),
  metadata: z.boolean().default(true).describe("Whether what the parser finds out is kept with the document."),
  graph: z.boolean().default(true).describe("Whether people, places and organisations are looked for."),
  ocr: z.boolean().default(true).describe("Whether the letters in images are read."),
  transcribe: z.boolean().default(true).describe("Whether what is said in sound and film is written down."),
  chunkSize: z.number().int().min(100).max(8_000).default(1_000).describe("Characters of a chunk at most."),
});
export type DocumentsOptions = z.output<typeof Options>;

export interface DocumentsParts {
  readonly embedder: Embedder;
  readonly maxDocumentBytes: number;
  /** Null where nobody writes down what is said. */
  readonly transcriber: OpenAiServer | null;
}

/** The built-in pipeline for documents of every kind: their text, in chunks, searchable. */
export function documentsPipeline({ embedder, maxDocumentBytes, transcriber }: DocumentsParts): Pipeline {
  return definePipeline({
    name: "documents",
    version: 2,
    description: "Extracts the text of documents, cuts it into chunks and makes them searchable.",
    options: Options,
    documentStages: [
      downloadStage(maxDocumentBytes),
      validateStage,
      parseStage(({ ocr, metadata, transcribe }: DocumentsOptions) => ({
        ocr,
        metadata,
        transcript: !transcribe ? "unwanted" : transcriber === null ? "missing" : "follows",
      })),
      transcribeStage(transcriber),
      chunkStage,
      embedStage(embedder),
      storeStage,
    ],
    collectionStages: [describeStage, graphStage],
  });
}
