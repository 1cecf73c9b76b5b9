import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readdir, readFile } from "node:fs/promises";
import type { ApiClient } from "../../src/cli/client.js";
import type { HeadwayProcess } from "../support/processes.js";
import { createFaultRig, note, type FaultRig } from "./rig.js";

let rig: FaultRig;
let api: ApiClient;
let process: HeadwayProcess;
beforeAll(async () => {
  rig = await createFaultRig();
  process = await rig.start({ HEADWAY_CRASH_LIMIT: "3" });
  api = rig.client(process);
});
afterAll(() => rig.close());

/** The processes that descend from it, by what the kernel says. */
async function descendants(pid: number): Promise<number[]> {
  const children: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    if (Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === pid) children.push(Number(name));
  }
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}

test("F20: poison documents fail by themselves; others are unaffected and no process is left behind", async () => {
  const POISONS = ["segfault", "exit", "loop", "ignore SIGTERM", "eat memory"];
  const { collection } = await api.mutate<{ collection: { id: string }; userErrors: [] }>(
    'mutation { createCollection(input: { name: "poison" }) { collection { id } userErrors { code message } } }',
    {},
  );
  const documents = [...POISONS, "water 1", "water 2", "water 3"].map((text) => ({ name: text, text }));
  await api.mutate(
    `mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { code message } } }`,
    { input: { collectionId: collection.id, documents } },
  );
  const { job } = await api.mutate<{ job: { id: string }; userErrors: [] }>(
    `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }`,
    { input: { collectionId: collection.id, pipeline: "poison" } },
  );
  const other = await rig.submit(api, 5);
  await rig.settled([job.id, other]);
  const { rows } = await rig.db.query(
    "select document_name as name, status, change_reason as reason, error_code as code, crashes from headway.task where job_id = $1 order by 1",
    [job.id],
  );
  const crashed = { status: "FAILED", reason: "POISONED", code: "CRASHED", crashes: 3 };
  const limited = { status: "FAILED", reason: "PERMANENT_ERROR", code: "RESOURCE_LIMIT", crashes: 0 };
  const fine = { status: "COMPLETED", reason: "COMPLETED", code: null, crashes: 0 };
  expect(rows).toEqual([
    { name: "eat memory", ...limited },
    { name: "exit", ...crashed },
    { name: "ignore SIGTERM", ...limited },
    { name: "loop", ...limited },
    { name: "segfault", ...crashed },
    { name: "water 1", ...fine },
    { name: "water 2", ...fine },
    { name: "water 3", ...fine },
  ]);
  const before = await descendants(process.child.pid!);
  await process.stop();
  const left = [];
  for (const pid of before)
    if (
      await readFile(`/proc/${pid}/stat`, "utf8").then(
        (stat) => !/\) Z /.test(stat),
        () => false,
      )
    )
      left.push(pid);
  expect(left).toEqual([]);
  await rig.account({ fault: "F20", what: "five poisons, three crashes each", times: POISONS.length });
  note({ fault: "F20", what: "their own job", times: 1, looks: rig.looks, jobs: 1 });
});
