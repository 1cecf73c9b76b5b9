import { definePipeline, PermanentError } from "headway-api";
import { z } from "zod";

export default definePipeline({
  name: "word-count",
  version: 1,
  description: "Counts words per document, then sums them up.",
  options: z.object({ ignoreCase: z.boolean().default(true) }),
  documentStages: [
    { name: "read", timeoutMs: 30_000, run: async (ctx) => ({ text: await ctx.document.text() }) },
    {
      name: "count",
      maxAttempts: 3,
      run: async (ctx) => {
        const text = ctx.options.ignoreCase ? ctx.input.text.toLowerCase() : ctx.input.text;
        const words = text.split(/\s+/).filter((word) => word !== "");
        if (words.length === 0) throw new PermanentError("EMPTY", "There is nothing to count; send some text.");
        return { words: words.length, different: new Set(words).size };
      },
    },
  ],
  collectionStages: [
    {
      name: "total",
      run: async (ctx) => {
        let words = 0;
        for await (const { output } of ctx.documentOutputs("count")) words += output.words;
        await ctx.artifacts.write("total.json", JSON.stringify({ words }), "application/json");
        return { words };
      },
    },
  ],
});
