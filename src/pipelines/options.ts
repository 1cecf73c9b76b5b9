import type { z } from "zod";
import type { Pipeline } from "./pipeline.js";

/** A job's options as the pipeline's schema has completed them, or what it says against them. */
export type CheckedOptions =
  | { readonly options: unknown; readonly refusal: null }
  | { readonly refusal: string; readonly path: readonly string[] };

/** Checks options, as given or as kept with a job, against the pipeline's schema; a pipeline without one takes none. */
export function checkOptions(pipeline: Pipeline, options: unknown): CheckedOptions {
  if (pipeline.options === null) {
    const empty = typeof options === "object" && options !== null && Object.keys(options).length === 0;
    if (empty) return { options: {}, refusal: null };
    return { refusal: `Pipeline "${pipeline.name}" takes no options.`, path: ["options"] };
  }
  const parsed = pipeline.options.safeParse(options);
  if (parsed.success) return { options: parsed.data, refusal: null };
  const faults = parsed.error.issues.map((issue) => `${["options", ...issue.path].join(".")}: ${reasonOf(issue)}`);
  return {
    refusal: faults.join("; "),
    path: ["options", ...(parsed.error.issues[0]?.path ?? []).map(String)],
  };
}

/** Of a key that is none, zod says only "Invalid key in record", and the reason inside. */
function reasonOf(issue: z.core.$ZodIssue): string {
  return issue.code === "invalid_key" ? issue.issues.map(({ message }) => message).join(", ") : issue.message;
}
