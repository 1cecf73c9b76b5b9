import { RetryLater } from "../../src/index.js";
import { embedStage } from "../../src/pipelines/documents/embed.js";
import type { Embedder } from "../../src/pipelines/embedding/embedder.js";
import { definePipeline, type ChunkDraft } from "../../src/pipelines/pipeline.js";
import { runStage } from "../../src/testing.js";

const TEXTS = ["one", "two", "three", "four", "five"];
const chunks: ChunkDraft[] = TEXTS.map((text, ordinal) => ({ ordinal, text, startOffset: 0, endOffset: 1 }));
const input = { chunks: chunks.length, characters: 5 };

test("a document of more requests than a server takes at once keeps the vectors it has, and asks for the others alone", async () => {
  const asked: string[][] = [];
  const embedder: Embedder = {
    name: "meagre",
    batchSize: 2,
    dimensions: 1,
    async embed(texts) {
      if (asked.length % 2 === 1) {
        asked.push([]);
        throw new RetryLater(60_000, "429: one request a minute");
      }
      asked.push([...texts]);
      return texts.map((text) => Float32Array.of(text.length));
    },
    close: async () => undefined,
  };
  const documents = definePipeline({
    name: "embeds",
    version: 1,
    documentStages: [{ ...embedStage(embedder), name: "embed" }],
  });
  let staged = chunks;
  const statuses: unknown[] = [];
  for (let pass = 0; pass < 3; pass += 1) {
    const {
      status,
      error,
      retryInMs,
      chunks: left,
    } = await runStage(documents, "embed", input, {
      options: {},
      staged: { chunks: staged },
    });
    staged = [...left];
    statuses.push([status, error?.code ?? null, retryInMs]);
  }
  expect(statuses).toEqual([
    ["FAILED", "RETRY_LATER", 60_000],
    ["FAILED", "RETRY_LATER", 60_000],
    ["COMPLETED", null, null],
  ]);
  expect(asked.flat()).toEqual(TEXTS);
  expect(staged.map(({ embedding }) => [...embedding!])).toEqual(TEXTS.map(({ length }) => [length]));
});
