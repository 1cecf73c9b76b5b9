import { PermanentError, pipeline, z } from "../../src/index.js";

export default pipeline({ name: "word-count", version: 1, options: z.object({ min: z.number().default(1) }) })
  .document("read", { run: async (ctx) => ({ text: await ctx.document.text() }) })
  .document("count", {
    maxAttempts: 3,
    run: async (ctx) => {
      const words = ctx.input.text.split(/\s+/).filter((word) => word.length >= ctx.options.min);
      if (words.length === 0) throw new PermanentError("EMPTY", "There is nothing to count; send some text.");
      return { words: words.length };
    },
  })
  .collection("total", {
    run: async (ctx) => {
      let words = 0;
      for await (const { output } of ctx.documentOutputs("count")) words += output.words;
      return { words };
    },
  })
  .build();
