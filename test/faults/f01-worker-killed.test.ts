import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiClient } from "../../src/cli/client.js";
import type { HeadwayProcess } from "../support/processes.js";
import { slackMs } from "../support/slack.js";
import { until } from "../support/until.js";
import { createFaultRig, hasExited, hasFired, LEASE_MS, ROLES, SWEEP_MS, type FaultRig } from "./rig.js";

let rig: FaultRig;
let api: ApiClient;
beforeAll(async () => {
  rig = await createFaultRig();
  // Serves and sweeps; the workers are what dies.
  api = rig.client(await rig.start({ HEADWAY_ROLES: "api,reconciler" }));
});
afterAll(() => rig.close());

// Left alive by a test that failed they would take the work of those below from the ones that are to die with it.
let workers: HeadwayProcess[] = [];
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  workers = [];
});

async function startWorker(settings: Record<string, string> = {}): Promise<HeadwayProcess> {
  const worker = await rig.start(ROLES.worker, settings);
  workers.push(worker);
  return worker;
}

/** A sweep may wait for one of the two cores, which this test and the ones beside it share. */
const MARGIN_MS = 2_000;

/** From the worker's death until the last of its tasks was offered again; null where it held none any more. */
async function offeredAfterMs(job: string, diedAt: number): Promise<number | null> {
  const { rows } = await rig.db.query(
    "select max(at) as at from headway.status_change where job_id = $1 and reason = 'LEASE_EXPIRED'",
    [job],
  );
  return rows[0].at === null ? null : rows[0].at.getTime() - diedAt;
}

describe("F1: a worker is killed", () => {
  test.each([
    "claim.after_commit",
    "stage.before_run",
    "stage.after_run@2",
    "stage.ahead",
    "stage.ahead@2",
    "flush.before_send@3",
    "flush.after_commit@2",
    "complete.after_commit",
    "heartbeat.after_commit",
    "artifact.before_write",
    "artifact.after_write",
  ])("at %s: the task goes on at its stage within lease and sweep, with one outcome", async (where) => {
    const [name, at] = where.split("@");
    const job = await rig.submit(api, 3, { options: { holdMs: name === "heartbeat.after_commit" ? 300 : 20 } });
    const spec = `${name}:kill9${at ? `@${at}` : ""}`;
    const dying = await startWorker({ HEADWAY_FAILPOINT: spec }).catch((error: Error) => {
      // It may be dead before it could say that it is ready.
      expect(error.message).toContain(`failpoint ${name}:kill9 fired`);
      return null;
    });
    if (dying) await until("it is dead", () => hasExited(dying));
    if (dying) expect(hasFired(dying)).toBe(true);
    const diedAt = Date.now();
    await startWorker();
    await rig.settled([job]);
    const recoveryMs = await offeredAfterMs(job, diedAt);
    // All of its tasks were settled when it died only where it died of having settled the last one.
    if (name !== "complete.after_commit") expect(recoveryMs).not.toBeNull();
    expect(recoveryMs ?? 0).toBeLessThan(LEASE_MS + SWEEP_MS * 1.2 + MARGIN_MS + slackMs());
    await rig.account({ fault: "F1", what: `kill -9 at ${name}`, times: 1, recoveryMs });
  });
});

describe("F2: a worker is killed", () => {
  test("between the delivery of a hint and its claim: no attempt and no crash is counted", async () => {
    const idle = await rig.start({
      HEADWAY_WORKER_PROCESSES: "0",
      HEADWAY_FAILPOINT: "hint.before_claim:kill9",
      HEADWAY_POLL_MS: "600000",
    });
    const own = rig.client(idle);
    const job = await rig.submit(own, 1).catch((error: unknown) => error);
    await until("it is dead", () => hasExited(idle));
    expect(hasFired(idle)).toBe(true);
    const { rows } = await rig.db.query("select id from headway.job where finished_at is null");
    expect(rows).toHaveLength(1);
    await startWorker();
    await rig.settled([rows[0].id]);
    const tasks = await rig.db.query(
      "select attempt, crashes, fence::int as fence from headway.task where job_id = $1",
      [rows[0].id],
    );
    expect(tasks.rows).toEqual([
      { attempt: 1, crashes: 0, fence: 1 },
      { attempt: 1, crashes: 0, fence: 1 },
    ]);
    expect(typeof job === "string" ? job : rows[0].id).toBe(rows[0].id);
    await rig.account({ fault: "F2", what: "kill -9 between hint and claim", times: 1 });
  });

  test("between the claim and the first stage: one crash is counted, and no attempt", async () => {
    const job = await rig.submit(api, 1);
    const dying = await startWorker({ HEADWAY_FAILPOINT: "claim.after_commit:kill9" }).catch((error: Error) => {
      expect(error.message).toContain("fired");
      return null;
    });
    if (dying) await until("it is dead", () => hasExited(dying));
    if (dying) expect(hasFired(dying)).toBe(true);
    await startWorker();
    await until("it was claimed again", async () => {
      const { rows } = await rig.db.query("select 1 from headway.task where job_id = $1 and fence = 2", [job]);
      return rows.length > 0;
    });
    await rig.settled([job]);
    const { rows } = await rig.db.query(
      "select reason, attempt from headway.status_change where job_id = $1 and entity_type = 'TASK' and reason in ('LEASE_EXPIRED', 'CLAIMED') and to_stage = 'one' order by position",
      [job],
    );
    expect(rows).toEqual([
      { reason: "CLAIMED", attempt: 1 },
      { reason: "LEASE_EXPIRED", attempt: 1 },
      { reason: "CLAIMED", attempt: 1 },
    ]);
    await rig.account({ fault: "F2", what: "kill -9 between claim and stage", times: 1 });
  });
});
