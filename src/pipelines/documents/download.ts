import { PermanentError } from "../../errors.js";
import type { DocumentStageOf } from "../builder.js";

export interface DownloadOutput {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Brings the bytes into the store, counted and hashed. */
export function downloadStage(maxDocumentBytes: number): DocumentStageOf<unknown, unknown, DownloadOutput> {
  return {
    run: async (ctx) => {
      const { sizeBytes, sha256 } = await ctx.document.fetch();
      if (sizeBytes > maxDocumentBytes) {
        throw new PermanentError(
          "TOO_LARGE",
          `${ctx.document.name} has ${sizeBytes} bytes; the limit is ${maxDocumentBytes}. HEADWAY_MAX_DOCUMENT_BYTES sets the limit.`,
        );
      }
      return { sizeBytes, sha256 };
    },
    check: ({ sizeBytes, sha256 }) => {
      if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw new Error(`its size is ${sizeBytes}`);
      if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error(`its SHA-256 is "${sha256}"`);
    },
  };
}
