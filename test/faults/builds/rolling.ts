import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { definePipeline, type DocumentContext, type Pipeline } from "../../../src/index.js";

/** A version of the pipeline `rolling` with these stages, each as long as asked for; its outputs say which version ran. */
export function rolling(version: number, stages: readonly string[]): Pipeline {
  return definePipeline({
    name: "rolling",
    version,
    options: z.object({ holdMs: z.number().default(0) }),
    documentStages: stages.map((name) => ({
      name,
      run: async ({ options, signal }: DocumentContext) => {
        await sleep(options.holdMs, undefined, { signal });
        return { by: version };
      },
    })),
    collectionStages: [{ name: "sum", run: async () => ({ sumBy: version }) }],
  });
}
