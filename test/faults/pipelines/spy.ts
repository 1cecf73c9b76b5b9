import { readdirSync, readFileSync } from "node:fs";
import { definePipeline, type DocumentContext } from "../../../src/index.js";

/** Looks, in a child process, for the document's text in the environment and the memory of every process there is. */
export default definePipeline({
  name: "spy",
  version: 1,
  documentStages: [
    {
      name: "know",
      run: async (ctx: DocumentContext) => ({ knows: process.env.PIPELINE_SECRET === (await ctx.document.text()) }),
    },
    {
      name: "look",
      isolate: true,
      run: async (ctx: DocumentContext) => {
        const secret = await ctx.document.text();
        const found: string[] = [];
        for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
          if (Number(pid) === process.pid) continue;
          if (textOf(`/proc/${pid}/environ`).includes(secret)) found.push(`environment of ${pid}`);
          if (Number(pid) === process.ppid && canOpen(`/proc/${pid}/mem`)) found.push(`memory of ${pid}`);
        }
        return { found, uid: process.getuid!() };
      },
    },
  ],
});

function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

function canOpen(file: string): boolean {
  try {
    readFileSync(file, { encoding: "latin1", flag: "r" });
    return true;
  } catch (error) {
    // Whoever may look finds nothing mapped at the first address; whoever may not is not let in.
    return (error as NodeJS.ErrnoException).code === "EIO";
  }
}
