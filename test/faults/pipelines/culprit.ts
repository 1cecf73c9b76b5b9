import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { definePipeline, type DocumentContext } from "../../../src/index.js";

function spin(forMs: number): void {
  const endsAt = performance.now() + forMs;
  while (performance.now() < endsAt);
}

/** What each document's text does to its process, a moment after it has begun. */
const WAYS: Readonly<Record<string, (effects: string) => unknown>> = {
  "kill it": () => process.kill(process.pid, "SIGKILL"),
  "eat its memory": () => {
    const eaten: number[][] = [];
    for (;;) eaten.push(Array.from<number>({ length: 1_000_000 }).fill(0.5));
  },
  "block it forever": () => spin(Infinity),
  "block it for longer than two leases": () => spin(3_200),
  "hear nothing": (effects) =>
    new Promise(() => {
      setInterval(() => appendFileSync(effects, "."), 20);
    }),
};

/** One stage, tried once, that adds a line to the file `begun` each time. */
export default definePipeline({
  name: "culprit",
  version: 1,
  options: z.object({ begun: z.string(), strikeMs: z.number() }),
  documentStages: [
    {
      name: "strike",
      maxAttempts: 1,
      timeoutMs: 3_500,
      run: async (ctx: DocumentContext) => {
        const text = await ctx.document.text();
        appendFileSync(ctx.options.begun, `${text} in ${process.pid}\n`);
        await sleep(ctx.options.strikeMs);
        await WAYS[text]!(`${ctx.options.begun}.effects`);
        return null;
      },
    },
  ],
});
