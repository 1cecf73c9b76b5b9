import { downloadStage } from "../documents/download.js";
import { parseStage, type ParseAim } from "../documents/parse.js";
import { validateStage } from "../documents/validate.js";
import { definePipeline, type Pipeline } from "../pipeline.js";
import { aggregateStage } from "./aggregate.js";
import { extractStage } from "./extract.js";
import { Options, type BatchOptions } from "./options.js";

/** The built-in pipeline for batches of files: named fields out of each, one row per file, counts and totals. */
export function batchPipeline({ maxDocumentBytes }: { readonly maxDocumentBytes: number }): Pipeline {
  return definePipeline({
    name: "batch",
    version: 4,
    description: "Takes named fields out of files of every kind and puts them in one table.",
    options: Options,
    documentStages: [downloadStage(maxDocumentBytes), validateStage, parseStage(aimOf), extractStage],
    collectionStages: [aggregateStage],
  });
}

/** A table of fields has no use for a transcript, and the documents keep the metadata they have. */
const aimOf = ({ ocr }: BatchOptions): ParseAim => ({ text: true, ocr, metadata: false, transcript: "unwanted" });
