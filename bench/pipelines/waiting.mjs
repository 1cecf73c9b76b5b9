import { setTimeout as sleep } from "node:timers/promises";
import { definePipeline } from "headway-api";

// One stage that takes two minutes: long enough for the worker that runs it to die in the middle.
export default definePipeline({
  name: "waiting",
  version: 1,
  documentStages: [{ name: "wait", run: (ctx) => sleep(120_000, null, { signal: ctx.signal }) }],
});
