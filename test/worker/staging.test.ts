import { randomUUID } from "node:crypto";
import { Recorder } from "../../src/engine/flush/recorder.js";
import { definePipeline, type ChunkDraft } from "../../src/pipelines/pipeline.js";
import { StageDatabase } from "../../src/worker/stage-database.js";
import { Staging } from "../../src/worker/staging.js";
import { createRig, type Rig } from "../support/engine.js";

const plain = definePipeline({ name: "plain", version: 1, documentStages: [{ name: "only", run: async () => null }] });

let rig: Rig;
let staging: Staging;
beforeAll(async () => {
  rig = await createRig([plain]);
  await rig.submit("plain", 1);
  const workerId = randomUUID();
  const recorder = new Recorder({
    db: rig.db,
    actor: { type: "WORKER", name: `worker:${workerId}` },
    workerId,
    leaseMs: 3_600_000,
    crashLimit: 3,
    onDue: () => undefined,
    onError: rig.deps.onError,
  });
  const [claim] = await recorder.claim({ ids: [], registry: rig.deps.registry, limit: 1 });
  staging = new Staging(new StageDatabase(rig.db, null, rig.deps.onError), claim!, claim!.document!.id);
});
afterAll(() => rig.close());

const drafts = (count: number, word: string): ChunkDraft[] =>
  Array.from({ length: count }, (_, ordinal) => ({
    ordinal,
    text: `${word} ${ordinal}`,
    startOffset: ordinal,
    endOffset: ordinal + 1,
  }));

async function staged(): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of staging.stagedChunks()) texts.push(text);
  return texts;
}

describe("staged chunks", () => {
  test("come back in their order, over several pages", async () => {
    await staging.replaceChunks(drafts(1_101, "old"));
    expect(await staged()).toEqual(drafts(1_101, "old").map(({ text }) => text));
    expect(await staging.counts()).toEqual({ chunks: 1_101, embedded: 0 });
  });

  test("of a shorter list leave nothing of the longer one before", async () => {
    await staging.replaceChunks(drafts(501, "new"));
    expect(await staged()).toEqual(drafts(501, "new").map(({ text }) => text));
    await staging.replaceChunks([]);
    expect(await staged()).toEqual([]);
  });

  test("are replaced while they are read", async () => {
    await staging.replaceChunks(drafts(700, "read"));
    async function* shouted(): AsyncIterable<ChunkDraft> {
      for await (const chunk of staging.stagedChunks()) yield { ...chunk, text: chunk.text.toUpperCase() };
    }
    await staging.replaceChunks(shouted());
    expect(await staged()).toEqual(drafts(700, "READ").map(({ text }) => text));
  });
});

test("staged text is the last that was set", async () => {
  expect(await staging.stagedText()).toBeNull();
  await staging.setText("first");
  await staging.setText("second");
  expect(await staging.stagedText()).toBe("second");
});
