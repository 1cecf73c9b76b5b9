import { existsSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { definePipeline, type DocumentContext } from "../../../src/index.js";

/** One stage that blocks the event loop of its process for `busyMs` where `marker` is no file yet, and makes it one. */
export default definePipeline({
  name: "busy",
  version: 1,
  options: z.object({ busyMs: z.number(), marker: z.string() }),
  documentStages: [
    {
      name: "spin",
      run: async ({ options }: DocumentContext) => {
        if (existsSync(options.marker)) return { spun: false };
        writeFileSync(options.marker, String(process.pid));
        const endsAt = performance.now() + options.busyMs;
        while (performance.now() < endsAt);
        return { spun: true };
      },
    },
  ],
});
