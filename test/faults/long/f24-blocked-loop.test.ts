import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ApiClient } from "../../../src/cli/client.js";
import { slackMs } from "../../support/slack.js";
import { until } from "../../support/until.js";
import { createFaultRig, hasExited, ROLES, SWEEP_MS, type FaultRig } from "../rig.js";

/** Longer than twice the three seconds after which a worker is STALLED, so that one sees it before it is LOST. */
const LEASE_MS = 7_000;
const LEASE = { HEADWAY_LEASE_MS: String(LEASE_MS) };

let folder: string;
let rig: FaultRig;
let api: ApiClient;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-f24-"));
  rig = await createFaultRig();
  api = rig.client(await rig.start({ HEADWAY_ROLES: "api,reconciler" }, LEASE));
});
afterAll(async () => {
  await rig.close();
  await rm(folder, { recursive: true, force: true });
});

const workerOf = async (pid: number): Promise<{ id: string; status: string }> => {
  const { workers } = await api.query<{ workers: { id: string; pid: number; status: string }[] }>(
    "{ workers { id pid status } }",
  );
  return workers.find((worker) => worker.pid === pid)!;
};

test("F24: a handler blocks its worker's event loop for three leases: it is shown STALLED, its task is rescued, its late result refused", async () => {
  const blocked = await rig.start(ROLES.worker, LEASE);
  const marker = path.join(folder, "marker");
  const job = await rig.submit(api, 1, { pipeline: "busy", options: { busyMs: 3 * LEASE_MS, marker } });
  await until("it spins", () => existsSync(marker));
  const blockedAt = Date.now();
  expect(await readFile(marker, "utf8")).toBe(String(blocked.child.pid));
  await until("it is shown STALLED", async () => (await workerOf(blocked.child.pid!)).status === "STALLED");
  const stalledMs = Date.now() - blockedAt;
  await rig.start(ROLES.worker, LEASE);
  await rig.settled([job]);
  const recoveryMs = Date.now() - blockedAt;
  // The heartbeat renewed the lease at most once more; then come the lease, a sweep and the other's poll.
  expect(recoveryMs).toBeLessThanOrEqual(LEASE_MS + 1.2 * SWEEP_MS + 2_000 + slackMs());

  const { id } = await workerOf(blocked.child.pid!);
  await until(
    "its late result is refused",
    async () => {
      const { rows } = await rig.db.query("select 1 from headway.refused_write where worker = $1", [`worker:${id}`]);
      return rows.length > 0;
    },
    4 * LEASE_MS,
  );
  expect(Date.now() - blockedAt).toBeGreaterThanOrEqual(3 * LEASE_MS);
  const { rows } = await rig.db.query(
    "select o.output->'spun' as spun from headway.stage_output o join headway.task t on t.id = o.task_id where t.job_id = $1",
    [job],
  );
  expect(rows).toEqual([{ spun: false }]);
  await until("it runs again", async () => (await workerOf(blocked.child.pid!)).status === "RUNNING");
  expect(hasExited(blocked)).toBe(false);
  await rig.account({
    fault: "F24",
    what: `loop blocked ${3 * LEASE_MS} ms, STALLED after ${stalledMs} ms`,
    times: 1,
    recoveryMs,
  });
});
