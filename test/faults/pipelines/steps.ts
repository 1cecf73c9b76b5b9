import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { definePipeline, type CollectionContext, type DocumentContext } from "../../../src/index.js";

/** Three stages a document, each as long as asked for, with text, chunks and outputs; then a sum with an artifact. */
export default definePipeline({
  name: "steps",
  version: 1,
  options: z.object({ holdMs: z.number().default(0) }),
  documentStages: [
    { name: "one", run: (ctx: DocumentContext) => hold(ctx).then(() => ({ at: "one" })) },
    {
      name: "two",
      run: async (ctx: DocumentContext) => {
        await hold(ctx);
        await ctx.setText(await ctx.document.text());
        return { at: "two" };
      },
    },
    {
      name: "three",
      run: async (ctx: DocumentContext) => {
        await hold(ctx);
        const text = (await ctx.stagedText())!;
        await ctx.chunks.replace([0, 1].map((ordinal) => ({ ordinal, text, startOffset: 0, endOffset: text.length })));
        return { at: "three" };
      },
    },
  ],
  collectionStages: [
    {
      name: "sum",
      run: async (ctx: CollectionContext) => {
        let documents = 0;
        for await (const _ of ctx.documentOutputs("three")) documents += 1;
        await ctx.artifacts.write("sum.txt", String(documents), "text/plain");
        return { documents };
      },
    },
  ],
});

async function hold({ options, signal }: DocumentContext): Promise<void> {
  if (options.holdMs > 0) await sleep(options.holdMs, undefined, { signal });
}
