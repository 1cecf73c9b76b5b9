import { existsSync, readFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createFaultRig, type FaultRig } from "./rig.js";

const SECRET = `secret-${randomBytes(12).toString("hex")}`;
/** Whose pipelines read it from their environment; a setting of ours would be as visible. */
const GIVEN = { PIPELINE_SECRET: SECRET };
let rig: FaultRig;
beforeAll(async () => {
  rig = await createFaultRig();
});
afterAll(() => rig.close());

/** What an isolated stage of this server finds of the secret. */
async function spied(settings: Record<string, string>): Promise<{ found: string[]; uid: number; pids: number[] }> {
  const headway = await rig.start(GIVEN, settings);
  const api = rig.client(headway);
  const { collection } = await api.mutate<{ collection: { id: string }; userErrors: [] }>(
    "mutation ($name: String!) { createCollection(input: { name: $name }) { collection { id } userErrors { code message } } }",
    { name: `spied ${Math.random()}` },
  );
  await api.mutate(
    "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { userErrors { code message } } }",
    { input: { collectionId: collection.id, documents: [{ name: "a", text: SECRET }] } },
  );
  const job = await rig.submit(api, collection.id, { pipeline: "spy" });
  await rig.settled([job]);
  const { rows } = await rig.db.query(
    "select o.stage, o.output from headway.stage_output o join headway.task t on t.id = o.task_id where t.job_id = $1 order by 1",
    [job],
  );
  // A stage that runs in the worker has them as before.
  expect(rows[0]).toEqual({ stage: "know", output: { knows: true } });
  const { workers } = await api.query<{ workers: { pid: number }[] }>("{ workers { pid } }");
  const seen = { ...rows[1].output, pids: [headway.child.pid!, ...workers.map(({ pid }) => pid)] };
  for (const pid of seen.pids) expect(environmentOf(pid)).not.toContain(SECRET);
  await headway.kill();
  return seen;
}

/** As root reads it, who may read everything. */
const environmentOf = (pid: number): string =>
  existsSync(`/proc/${pid}/environ`) ? readFileSync(`/proc/${pid}/environ`, "latin1") : "";

describe("H11: an isolated stage looks for the worker's secrets", () => {
  test.each([
    ["under a worker's process of its own", {}],
    ["under one process with all roles", { HEADWAY_WORKER_PROCESSES: "0" }],
  ])(
    "%s: no environment that /proc shows holds them, and where Headway is root its memory is closed too",
    async (_how, settings) => {
      const { found, uid } = await spied(settings);
      const mayLook = process.getuid!() !== 0;
      expect(found.filter((one) => !mayLook || !one.startsWith("memory"))).toEqual([]);
      if (!mayLook) expect(uid).toBe(65_534);
      await rig.account({ fault: "H11", what: "secrets that an isolated stage can read", times: 1 });
    },
  );
});
