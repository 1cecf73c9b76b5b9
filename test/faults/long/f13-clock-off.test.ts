import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "../../../src/cli/client.js";
import type { HeadwayProcess } from "../../support/processes.js";
import { slackMs } from "../../support/slack.js";
import { until } from "../../support/until.js";
import { createFaultRig, LEASE_MS, ROLES, SWEEP_MS, type FaultRig } from "../rig.js";

const HOUR_MS = 3_600_000;
const CLOCK = new URL("../fixtures/clock.js", import.meta.url).href;

let rig: FaultRig;
let api: ApiClient;
let workers: HeadwayProcess[] = [];
const shifted = (offsetMs: number): Record<string, string> => ({
  NODE_OPTIONS: `--import ${CLOCK}`,
  HEADWAY_TEST_CLOCK_MS: String(offsetMs),
});
const startWorker = async (offsetMs: number): Promise<HeadwayProcess> => {
  const worker = await rig.start(ROLES.worker, shifted(offsetMs));
  workers.push(worker);
  // The fault has struck: what the process believes to be the time of its start is an hour off.
  const metrics = await (await fetch(`${worker.url}/metrics`)).text();
  const believed = 1_000 * Number(/^process_start_time_seconds (\S+)$/m.exec(metrics)![1]);
  expect(Math.abs(believed - Date.now() - offsetMs)).toBeLessThan(60_000);
  return worker;
};
beforeAll(async () => {
  rig = await createFaultRig();
  api = rig.client(await rig.start({ HEADWAY_ROLES: "api" }));
  // Sweepers, too, may have a wrong clock: one is an hour ahead, one behind.
  await Promise.all([HOUR_MS, -HOUR_MS].map((offset) => rig.start(ROLES.reconciler, shifted(offset))));
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  workers = [];
});
afterAll(() => rig.close());

describe.each([
  ["an hour ahead", HOUR_MS],
  ["an hour behind", -HOUR_MS],
])("F13: a worker's clock is %s", (what, offsetMs) => {
  test("it keeps what it runs for longer than a lease, and is shown as running", async () => {
    const worker = await startWorker(offsetMs);
    const job = await rig.submit(api, 2, { options: { holdMs: 2 * LEASE_MS } });
    await until("both run", async () => {
      const { rows } = await rig.db.query("select 1 from headway.task where job_id = $1 and status = 'RUNNING'", [job]);
      return rows.length === 2;
    });
    await sleep(2 * LEASE_MS); // What could go wrong is a rescue within this time: there is no other fact to wait for.
    const { workers: shown } = await api.query<{ workers: { pid: number; status: string }[] }>(
      "{ workers { pid status } }",
    );
    expect(shown.find(({ pid }) => pid === worker.child.pid)?.status).toBe("RUNNING");
    await rig.settled([job]);
    const { rows } = await rig.db.query(
      "select fence, crashes from headway.task where job_id = $1 and kind = 'DOCUMENT'",
      [job],
    );
    expect(rows).toEqual([
      { fence: "1", crashes: 0 },
      { fence: "1", crashes: 0 },
    ]);
    const { rows: ahead } = await rig.db.query("select 1 from headway.status_change where at > now()");
    expect(ahead).toEqual([]);
    await rig.account({ fault: "F13", what: `worker ${what}: no early rescue`, times: 1 });
  });

  test("what it holds is rescued in time when it dies", async () => {
    const worker = await startWorker(offsetMs);
    const job = await rig.submit(api, 2, { options: { holdMs: LEASE_MS } });
    await until("both run", async () => {
      const { rows } = await rig.db.query("select 1 from headway.task where job_id = $1 and status = 'RUNNING'", [job]);
      return rows.length === 2;
    });
    await worker.kill();
    const killedAt = Date.now();
    await until("both are rescued", async () => {
      const { rows } = await rig.db.query("select 1 from headway.task where job_id = $1 and is_suspect", [job]);
      return rows.length === 2;
    });
    const recoveryMs = Date.now() - killedAt;
    // A lease, a sweep that comes up to 20 % late, a second, and what a busy machine adds: far below the hour.
    expect(recoveryMs).toBeLessThanOrEqual(LEASE_MS + 1.2 * SWEEP_MS + 1_000 + slackMs());
    await startWorker(-offsetMs);
    await rig.settled([job]);
    await rig.account({ fault: "F13", what: `worker ${what}: no late rescue`, times: 1, recoveryMs });
  });
});
