import { downloadStage } from "../documents/download.js";
import { parseStage, type ParseAim } from "../documents/parse.js";
import { validateStage } from "../documents/validate.js";
import { pipeline } from "../builder.js";
import type { Pipeline } from "../pipeline.js";
import { aggregateStage } from "./aggregate.js";
import { extractStage } from "./extract.js";
import { Options, type BatchOptions } from "./options.js";

/** The built-in pipeline for batches of files: named fields out of each, one row per file, counts and totals. */
export function batchPipeline({ maxDocumentBytes }: { readonly maxDocumentBytes: number }): Pipeline {
  return pipeline({
    name: "batch",
    version: 6,
    description: "Extracts named fields from files of any supported format into one table.",
    options: Options,
  })
    .document("download", downloadStage(maxDocumentBytes))
    .document("validate", validateStage)
    .document("parse", parseStage(aimOf))
    .document("extract", extractStage)
    .collection("aggregate", aggregateStage)
    .build();
}

/** A table of fields has no use for a transcript, and the documents keep the metadata they have. */
const aimOf = ({ ocr }: BatchOptions): ParseAim => ({ text: true, ocr, metadata: false, transcript: "unwanted" });
