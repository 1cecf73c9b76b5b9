import { PermanentError } from "../../../errors.js";
import type { DocumentStageOf } from "../../builder.js";
import type { ExpensesOptions } from "../options.js";
import { detectExpense, ROLES } from "./media-types.js";

export interface Validated {
  readonly mediaType: string;
  readonly sizeBytes: number;
}

/** Finds out by content what the bytes are, and refuses what is neither a statement nor a receipt. In a child, as `extract`. */
export const validateStage: DocumentStageOf<ExpensesOptions, unknown, Validated> = {
  isolate: true,
  memoryLimitMiB: 1_024,
  timeoutMs: 60_000,
  run: async (ctx) => {
    const bytes = await ctx.document.bytes();
    const { name } = ctx.document;
    if (bytes.length === 0) throw new PermanentError("EMPTY_DOCUMENT", `${name} has no bytes; send its content again.`);
    const mediaType = await detectExpense(bytes, name);
    ctx.setMediaType(mediaType);
    if (ROLES[mediaType] === undefined) {
      throw new PermanentError(
        "UNSUPPORTED_TYPE",
        `${name} is ${mediaType}; statements are csv, tsv, xlsx, xls, pdf, OFX, CAMT, MT940 or QIF, receipts pdf, png, jpeg, webp, tiff, heic, eml, html or txt.`,
      );
    }
    return { mediaType, sizeBytes: bytes.length };
  },
  check: ({ mediaType }) => {
    if (ROLES[mediaType] === undefined) throw new Error(`nothing is read from ${mediaType}`);
  },
};
