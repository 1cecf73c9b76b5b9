import type { Embedder } from "../embedding/embedder.js";
import type { OpenAiServer } from "../openai-client.js";
import { pipeline, type DocumentStageOf, type LeftOut } from "../builder.js";
import type { Pipeline } from "../pipeline.js";
import { chunkStage } from "./chunk.js";
import { describeStage } from "./describe.js";
import { downloadStage } from "./download.js";
import { embedStage } from "./embed.js";
import { graphStage } from "./graph/graph.js";
import { DocumentsOptions } from "./options.js";
import { parseStage, type ParseAim } from "./parse.js";
import { recallStage } from "./recall.js";
import { storeStage } from "./store.js";
import { transcribeStage } from "./transcribe.js";
import { validateStage } from "./validate.js";

export interface DocumentsDeps {
  readonly embedder: Embedder;
  readonly maxDocumentBytes: number;
  /** Null where nobody writes down what is said. */
  readonly transcriber: OpenAiServer | null;
}

/** The built-in pipeline for documents of every kind: their text, in chunks, searchable. */
export function documentsPipeline({ embedder, maxDocumentBytes, transcriber }: DocumentsDeps): Pipeline {
  return pipeline({
    name: "documents",
    version: 11,
    description: "Extracts the text of documents, splits it into chunks and makes them searchable.",
    options: DocumentsOptions,
  })
    .document("download", within(readsBytes, downloadStage(maxDocumentBytes)))
    .document("validate", within(readsBytes, validateStage))
    .document(
      "parse",
      within(
        readsBytes,
        parseStage((options: DocumentsOptions) => aimOf(options, transcriber !== null)),
      ),
    )
    .document("transcribe", within(isWhole, transcribeStage(transcriber)))
    .document("chunk", within(isWhole, chunkStage))
    .document(
      "recall",
      within(({ only }) => only === "embeddings", recallStage),
    )
    .document(
      "embed",
      within(({ only }) => only !== "metadata", embedStage(embedder)),
    )
    .document(
      "store",
      within(({ only }) => only !== "metadata", storeStage),
    )
    .collection("describe", describeStage)
    .collection("graph", { ...graphStage, when: (options) => isWhole(options) && options.graph })
    .build();
}

const isWhole = ({ only }: DocumentsOptions): boolean => only === undefined;
const readsBytes = ({ only }: DocumentsOptions): boolean => only !== "embeddings";

/**
 * The stage, where also the operation has it. To the types it is always there, for an operation has whole ways through the
 * stages: none of them is left without the output of the one that it goes on from.
 */
function within<Input, Output>(
  has: (options: DocumentsOptions) => boolean,
  stage: DocumentStageOf<DocumentsOptions, Input, Output> & LeftOut<DocumentsOptions>,
): DocumentStageOf<DocumentsOptions, Input, Output> {
  const leftOut: typeof stage = { ...stage, when: (options) => has(options) && (stage.when?.(options) ?? true) };
  return leftOut;
}

function aimOf({ only, ocr, metadata, transcribe, menus, blocks }: DocumentsOptions, canTranscribe: boolean): ParseAim {
  if (only === "metadata") return { text: false, ocr: false, metadata: true, transcript: "unwanted" };
  return {
    text: true,
    ocr,
    metadata,
    menus,
    blocks,
    transcript: !transcribe ? "unwanted" : canTranscribe ? "follows" : "missing",
  };
}
