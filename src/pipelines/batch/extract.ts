import { PermanentError } from "../../errors.js";
import type { DocumentStageOf } from "../builder.js";
import type { ParseOutput } from "../documents/parse.js";
import type { FieldValue } from "./find-field.js";
import type { BatchOptions } from "./options.js";

export interface BatchOutput {
  readonly characters: number;
  readonly words: number;
  /** A field that was not found is absent. */
  readonly fields: Readonly<Record<string, readonly FieldValue[]>>;
  /** Why each field that is absent was not found. */
  readonly missing: Readonly<Record<string, string>>;
}

/** Takes the named fields out of the text. In a child process, for the patterns are the user's. */
export const extractStage: DocumentStageOf<BatchOptions, ParseOutput, BatchOutput> = {
  isolate: true,
  memoryLimitMiB: 1_024,
  timeoutMs: 60_000,
  run: async (ctx) => {
    const { findField } = await import("./find-field.js");
    const text = (await ctx.stagedText()) ?? "";
    const fields: Record<string, FieldValue[]> = {};
    const absent: Record<string, string> = {};
    for (const [name, field] of Object.entries(ctx.options.fields)) {
      const { values, missing } = findField(text, field);
      if (missing === null) {
        fields[name] = values;
        continue;
      }
      const what = `${ctx.document.name} has no "${name}": ${missing}`;
      if (field.required) throw new PermanentError("FIELD_MISSING", `${what}; correct the file or the field.`);
      absent[name] = missing;
      ctx.warn("FIELD_NOT_FOUND", `${what}.`);
    }
    return {
      characters: text.length,
      words: text.split(/\s+/).filter((word) => word !== "").length,
      fields,
      missing: absent,
    };
  },
  check: ({ characters, words }) => {
    if (words > characters) throw new Error(`${words} words in ${characters} characters can't be`);
  },
};
