import { downloadStage } from "../documents/download.js";
import { pipeline } from "../builder.js";
import type { Pipeline } from "../pipeline.js";
import { extractStage } from "./read/extract.js";
import { matchStage } from "./match/match.js";
import { Options } from "./options.js";
import { reportStage } from "./report/report.js";
import { validateStage } from "./read/validate.js";

/** The built-in pipeline for expense sessions: statements and receipts go in, matched lines and a report come out. */
export function expensesPipeline({ maxDocumentBytes }: { readonly maxDocumentBytes: number }): Pipeline {
  return pipeline({
    name: "expenses",
    version: 6,
    description: "Reads statements and receipts, matches them, and reports totals by employee and category.",
    options: Options,
  })
    .document("download", downloadStage(maxDocumentBytes))
    .document("validate", validateStage)
    .document("extract", extractStage)
    .collection("match", matchStage)
    .collection("report", reportStage)
    .build();
}
