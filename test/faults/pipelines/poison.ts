import { setTimeout as sleep } from "node:timers/promises";
import { definePipeline, type DocumentContext } from "../../../src/index.js";

/** Does what its document's text says, in a child process of its own. */
export default definePipeline({
  name: "poison",
  version: 1,
  documentStages: [
    {
      name: "drink",
      isolate: true,
      timeoutMs: 6_000,
      memoryLimitMiB: 64,
      run: async (ctx: DocumentContext) => {
        switch (await ctx.document.text()) {
          case "segfault":
            process.kill(process.pid, "SIGSEGV");
            return sleep(60_000);
          case "exit":
            process.exit(3);
            break;
          case "loop":
            for (;;);
          case "ignore SIGTERM":
            process.on("SIGTERM", () => undefined);
            return sleep(60_000);
          case "eat memory": {
            const eaten: number[][] = [];
            for (;;) eaten.push(Array.from({ length: 100_000 }, Math.random));
          }
        }
        return null;
      },
    },
  ],
});
