import { spawn } from "node:child_process";
import { once } from "node:events";
import { pipeline as pipe } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { PermanentError, pipeline, z } from "headway-api";

const TOOL = fileURLToPath(new URL("../count-words.sh", import.meta.url));
const MAX_COMPLAINT = 2_000;

export default pipeline({
  name: "words",
  version: 1,
  description: "Counts the words of every document with a program of another language.",
  options: z.object({
    waitSeconds: z.number().min(0).default(0).describe("For how long the tool waits first, to see it killed."),
  }),
})
  .document("count", {
    isolate: true,
    timeoutMs: 20_000,
    memoryLimitMiB: 128,
    run: async (ctx) => {
      const { waitSeconds } = ctx.options;
      const tool = spawn("sh", [TOOL], {
        stdio: ["pipe", "pipe", "pipe"],
        env: { PATH: process.env.PATH, ...(waitSeconds > 0 ? { WAIT_SECONDS: String(waitSeconds) } : {}) },
      });
      let complaint = "";
      tool.stderr.setEncoding("utf8").on("data", (part) => (complaint = (complaint + part).slice(-MAX_COMPLAINT)));
      const ended = once(tool, "close");
      // A tool that ends early closes its input: why it did is what counts.
      const fed = pipe(await ctx.document.stream(), tool.stdin).catch((error) => error);
      await ctx.artifacts.write(`${ctx.document.name}.csv`, tool.stdout, "text/csv");
      const [code, signal] = await ended;
      const failure = await fed;
      if (code !== 0) {
        throw new PermanentError("TOOL_FAILED", `The tool ended with ${code ?? signal}: ${complaint.trim()}`);
      }
      if (failure) throw failure;
      return { counted: true };
    },
  })
  .build();
