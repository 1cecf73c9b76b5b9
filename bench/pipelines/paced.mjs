import { setTimeout as sleep } from "node:timers/promises";
import { definePipeline } from "headway-api";

// A change a second of each document, for fifteen seconds.
export default definePipeline({
  name: "paced",
  version: 1,
  documentStages: Array.from({ length: 15 }, (_, n) => ({
    name: `s${n + 1}`,
    run: (ctx) => sleep(1_000, null, { signal: ctx.signal }),
  })),
});
