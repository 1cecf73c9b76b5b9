import { PermanentError } from "../../errors.js";
import type { DocumentStage } from "../pipeline.js";
import type { FieldValue } from "./find-field.js";
import type { BatchOptions } from "./options.js";

export interface BatchOutput {
  readonly characters: number;
  readonly words: number;
  /** A field that was not found is absent. */
  readonly fields: Readonly<Record<string, readonly FieldValue[]>>;
}

/** Takes the named fields out of the text. In a child process, for the patterns are the user's. */
export const extractStage: DocumentStage = {
  name: "extract",
  isolate: true,
  memoryLimitMiB: 1_024,
  timeoutMs: 60_000,
  run: async (ctx): Promise<BatchOutput> => {
    const { findField } = await import("./find-field.js");
    const text = (await ctx.stagedText()) ?? "";
    const fields: Record<string, FieldValue[]> = {};
    for (const [name, field] of Object.entries((ctx.options as BatchOptions).fields)) {
      const values = findField(text, field);
      if (values.length > 0) fields[name] = values;
      else if (!field.required) ctx.warn("FIELD_NOT_FOUND", `${ctx.document.name} has no "${name}".`);
      else {
        throw new PermanentError(
          "FIELD_MISSING",
          `${ctx.document.name} has no "${name}"; correct the file or the field.`,
        );
      }
    }
    return { characters: text.length, words: text.split(/\s+/).filter((word) => word !== "").length, fields };
  },
  check: ({ characters, words }: BatchOutput) => {
    if (words > characters) throw new Error(`${words} words in ${characters} characters can't be`);
  },
};
