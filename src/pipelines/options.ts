import type { z } from "zod";
import type { Pipeline } from "./pipeline.js";

/** A job's options as the pipeline's schema has completed them, or what it says against them. */
export type CheckedOptions =
  | { readonly options: unknown; readonly refusal: null }
  | { readonly refusal: string; readonly faults: readonly OptionFault[] };

/** One thing that is wrong with options. */
interface OptionFault {
  readonly message: string;
  readonly path: readonly string[];
}

/** Checks options, as given or as kept with a job, against the pipeline's schema; a pipeline without one takes none. */
export function checkOptions(pipeline: Pipeline, options: unknown): CheckedOptions {
  if (pipeline.options === null) {
    const empty = typeof options === "object" && options !== null && Object.keys(options).length === 0;
    if (empty) return { options: {}, refusal: null };
    return refused([{ message: `Pipeline "${pipeline.name}" takes no options.`, path: ["options"] }]);
  }
  const parsed = pipeline.options.safeParse(options);
  if (parsed.success) return { options: parsed.data, refusal: null };
  return refused(
    parsed.error.issues.map((issue) => {
      const path = ["options", ...issue.path.map(String)];
      return { message: `${path.join(".")}: ${reasonOf(issue)}`, path };
    }),
  );
}

function refused(faults: readonly OptionFault[]): CheckedOptions {
  return { refusal: faults.map(({ message }) => message).join("; "), faults };
}

/** Of a key that is none, zod says only "Invalid key in record", and the reason inside. */
function reasonOf(issue: z.core.$ZodIssue): string {
  return issue.code === "invalid_key" ? issue.issues.map(({ message }) => message).join(", ") : issue.message;
}
