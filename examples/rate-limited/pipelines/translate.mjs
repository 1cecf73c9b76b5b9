import { PermanentError, pipeline, RetryLater, z } from "headway-api";

const MAX_WAIT_SECONDS = 3_600;

export default pipeline({
  name: "translate",
  version: 1,
  description: "Has every document translated by an API that takes only so much.",
  options: z.object({ api: z.url().describe("Where the API is.") }),
})
  .document("read", { run: async (ctx) => ({ text: await ctx.document.text() }) })
  .document("translate", {
    // What the API allows, over all workers.
    concurrency: 4,
    rateLimit: { limit: 20, perMs: 1_000 },
    backoff: { kind: "exponential", baseMs: 500, maxMs: 30_000 },
    timeoutMs: 30_000,
    run: async (ctx) => {
      const response = await fetch(ctx.options.api, { method: "POST", body: ctx.input.text, signal: ctx.signal });
      if (response.status === 429 || response.status === 503) {
        // Not our fault, and no attempt: the task waits in the queue, without a slot, until the API says.
        const seconds = Number(response.headers.get("retry-after") ?? 1);
        throw new RetryLater(Math.min(seconds, MAX_WAIT_SECONDS) * 1_000, `The API answered ${response.status}.`);
      }
      if (response.status >= 400 && response.status < 500) {
        throw new PermanentError("REFUSED", `The API answered ${response.status}; asking again would not help.`);
      }
      if (!response.ok) throw new Error(`The API answered ${response.status}.`);
      const { text, refused } = await response.json();
      ctx.logger.info({ refused }, "translated");
      await ctx.artifacts.write(`${ctx.document.name}.translated.txt`, text, "text/plain; charset=utf-8");
      return { characters: text.length, refused };
    },
  })
  .collection("sum", {
    run: async (ctx) => {
      let [documents, refused] = [0, 0];
      for await (const { output } of ctx.documentOutputs("translate")) {
        documents += 1;
        refused = Math.max(refused, output.refused);
      }
      return { documents, refused };
    },
  })
  .build();
