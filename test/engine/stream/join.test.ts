import type { DataSource } from "typeorm";
import type { Gap } from "../../../src/engine/stream/scope.js";
import type { ChangeStream } from "../../../src/engine/stream/stream.js";
import type { Subscription } from "../../../src/engine/stream/subscription.js";
import type { StatusChange } from "../../../src/model/status-change.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createRig, PROJECT, type Rig } from "../../support/engine.js";
import { followDatabase } from "../../support/stream.js";
import { until } from "../../support/until.js";

const plain = definePipeline({ name: "plain", version: 1, documentStages: [{ name: "only", run: async () => null }] });

/** The read of a catching-up subscription that is held back once the database has answered it. */
let holdNext = false;
let release: (() => void) | null = null;

let rig: Rig;
let followed: Awaited<ReturnType<typeof followDatabase>>;
let stream: ChangeStream;
beforeAll(async () => {
  rig = await createRig([plain]);
  const slow = new Proxy(rig.db, {
    get: (target, name) =>
      name === "query"
        ? async (sql: string, parameters: unknown[]): Promise<unknown> => {
            const isCatchUp = /where s\.(collection_id|job_id|entity_id) = \$1/.test(sql);
            const rows: unknown = await target.query(sql, parameters);
            if (isCatchUp && holdNext) {
              holdNext = false;
              await new Promise<void>((resolve) => (release = resolve));
            }
            return rows;
          }
        : Reflect.get(target, name, target),
  }) as DataSource;
  followed = await followDatabase(rig, { db: slow });
  stream = followed.stream;
});
afterAll(async () => {
  await followed.stop();
  await rig.close();
});

function collect(subscription: Subscription): StatusChange[] {
  const got: (StatusChange | Gap)[] = [];
  void (async () => {
    for await (const one of subscription) got.push(one);
  })();
  return got as StatusChange[];
}

test("a stream that catches up while the live reader goes on misses nothing of what that one has handed out meanwhile", async () => {
  const collectionId = await rig.collection(1);
  const scope = { kind: "collection", projectId: PROJECT, collectionId } as const;
  // The first follows live, and so the reader of the collection has a place.
  const first = await stream.follow(scope, await stream.cursor(scope));
  const ofFirst = collect(first);
  await rig.submit("plain", 0, { collectionId });
  await until("the first follows live", () => ofFirst.length === 3);

  holdNext = true;
  const second = await stream.follow(scope, ofFirst[0]!.cursor);
  const ofSecond = collect(second);
  await until("the second has been answered", () => release !== null);
  // Commits after the answer and before the second has seen it; the reader hands it to the first alone.
  const worker = await rig.startWorker();
  await until("the first has it all", () => ofFirst.length === 8);
  release!();
  await until("the second has it all", () => ofSecond.length >= 7);
  expect(ofSecond.map(({ id }) => id)).toEqual(ofFirst.slice(1).map(({ id }) => id));
  await worker.stop(0);
  await Promise.all([first.return(), second.return()]);
});
