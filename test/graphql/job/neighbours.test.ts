import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { projectNamed } from "../../../src/access/projects.js";
import { ApiClient } from "../../../src/cli/client.js";
import { definePipeline } from "../../../src/index.js";
import { Gate } from "../../scenarios/gate.js";
import { collectionOf, submit } from "../../scenarios/main-job.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { keyBy } from "../../support/keys.js";
import { until } from "../../support/until.js";

const SLOTS = 4;
const gate = new Gate();
const gated = definePipeline({ name: "gated", version: 1, documentStages: [{ name: "wait", run: gate.run }] });

let api: TestApi;
let elsewhere: ApiClient;
beforeAll(async () => {
  api = await createTestApi([gated]);
  const { id: projectId } = await projectNamed(api.rig.db, "elsewhere");
  elsewhere = new ApiClient(api.url, await keyBy(api.rig.db, { projectId, name: "neighbour" }));
  await api.rig.startWorker({ concurrency: SLOTS });
});
afterAll(async () => {
  await elsewhere.close();
  await api.close();
});

async function submitted(client: ApiClient, names: readonly string[]): Promise<string> {
  const documents = names.map((name) => ({ name, text: name }));
  return submit(client, await collectionOf(client, names[0]!, documents), "gated");
}

/** Lets a document through, and waits until the slot is taken again. */
async function freeOneSlot(): Promise<void> {
  gate.open(gate.held[0]!);
  await until("its slot is taken", () => gate.held.length === SLOTS);
}

test("a small job beside a huge one, of the same project or of another, runs in one of the next slots that are free", async () => {
  await submitted(
    api.client,
    Array.from({ length: 100 }, (_, n) => `huge ${n}`),
  );
  await until("all slots are taken by the huge job", () => gate.held.length === SLOTS);
  const small = await submitted(api.client, ["small"]);
  const foreign = await submitted(elsewhere, ["foreign"]);
  // One for the project that waits, one for the job that waits in the project of the huge one.
  await freeOneSlot();
  await freeOneSlot();
  expect(gate.held.filter((name) => !name.startsWith("huge")).toSorted()).toEqual(["foreign", "small"]);
  gate.open("small");
  gate.open("foreign");
  expect([await api.rig.settled(small), await api.rig.settled(foreign)]).toEqual(["COMPLETED", "COMPLETED"]);
});

test("a worker takes all that it has room for, however many jobs it is of, and waits for no poll", async () => {
  const held = gate.held.length;
  for (let n = 0; n < 40; n += 1) await submitted(api.client, [`one of many ${n}`]);
  await api.rig.startWorker({ concurrency: 500, pollMs: 60_000 });
  await until("nothing is left to take", async () => {
    const [{ n }] = await api.rig.db.query("select count(*)::int as n from headway.ready_stage");
    return n === 0;
  });
  await until(
    "all have come to the gate",
    () => gate.held.filter((name) => name.startsWith("one of many")).length === 40,
  );
  expect(gate.held.length).toBeGreaterThan(held + 40);
});
