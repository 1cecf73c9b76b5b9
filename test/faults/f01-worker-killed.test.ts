import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiClient } from "../../src/cli/client.js";
import type { HeadwayProcess } from "../support/processes.js";
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

/** A kill may meet a stage's output, a statement in flight, a thread in sqlite: the margin is for two slow cores. */
const MARGIN_MS = 3_000;

describe("F1: a worker is killed", () => {
  test.each([
    "claim.after_commit",
    "stage.before_run",
    "stage.after_run@2",
    "flush.before_send@3",
    "flush.after_commit@2",
    "complete.after_commit",
    "heartbeat.after_commit",
  ])("at %s: the task goes on at its stage within lease and sweep, with one outcome", async (where) => {
    const [name, at] = where.split("@");
    const job = await rig.submit(api, 3, { options: { holdMs: name === "heartbeat.after_commit" ? 300 : 20 } });
    const spec = `${name}:kill9${at ? `@${at}` : ""}`;
    const dying = await rig.start(ROLES.worker, { HEADWAY_FAILPOINT: spec }).catch((error: Error) => {
      // It may be dead before it could say that it is ready.
      expect(error.message).toContain(`failpoint ${name}:kill9 fired`);
      return null;
    });
    if (dying) await until("it is dead", () => hasExited(dying));
    if (dying) expect(hasFired(dying)).toBe(true);
    const diedAt = Date.now();
    const survivor = await rig.start(ROLES.worker);
    await rig.settled([job]);
    const recoveryMs = Date.now() - diedAt;
    expect(recoveryMs).toBeLessThan(LEASE_MS + SWEEP_MS * 1.2 + MARGIN_MS);
    await rig.account({ fault: "F1", what: `kill -9 at ${name}`, times: 1, recoveryMs });
    await survivor.kill();
  });

  test("at random, over and over, over 200 jobs", async () => {
    const jobs: string[] = [];
    for (let i = 0; i < 200; i += 1) jobs.push(await rig.submit(api, 2, { options: { holdMs: 20 } }));
    let workers: HeadwayProcess[] = [await rig.start(ROLES.worker), await rig.start(ROLES.worker)];
    const openCount = async (): Promise<number> =>
      (await rig.db.query("select count(*)::int as n from job where finished_at is null")).rows[0].n;
    let kills = 0;
    while ((await openCount()) > 40) {
      const [victim, ...others] = workers;
      const replacement = rig.start(ROLES.worker);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
      await victim!.kill();
      kills += 1;
      workers = [...others, await replacement];
    }
    const lastKillAt = Date.now();
    await rig.settled(jobs, 60_000);
    expect(kills).toBeGreaterThan(2);
    await rig.account({
      fault: "F1",
      what: "kill -9 at random, 200 jobs",
      times: kills,
      recoveryMs: Date.now() - lastKillAt,
    });
    // Left alive they would take the work of the tests below from those that are to die with it.
    await Promise.all(workers.map((worker) => worker.kill()));
  }, 120_000);
});

describe("F2: a worker is killed", () => {
  test("between the delivery of a hint and its claim: no attempt and no crash is counted", async () => {
    const idle = await rig.start({ HEADWAY_FAILPOINT: "hint.before_claim:kill9", HEADWAY_POLL_MS: "600000" });
    const own = rig.client(idle);
    const job = await rig.submit(own, 1).catch((error: unknown) => error);
    await until("it is dead", () => hasExited(idle));
    expect(hasFired(idle)).toBe(true);
    const { rows } = await rig.db.query("select id from job where finished_at is null");
    expect(rows).toHaveLength(1);
    const survivor = await rig.start(ROLES.worker);
    await rig.settled([rows[0].id]);
    const tasks = await rig.db.query("select attempt, crashes, fence::int as fence from task where job_id = $1", [
      rows[0].id,
    ]);
    expect(tasks.rows).toEqual([
      { attempt: 1, crashes: 0, fence: 1 },
      { attempt: 1, crashes: 0, fence: 1 },
    ]);
    expect(typeof job === "string" ? job : rows[0].id).toBe(rows[0].id);
    await rig.account({ fault: "F2", what: "kill -9 between hint and claim", times: 1 });
    await survivor.kill();
  });

  test("between the claim and the first stage: one crash is counted, and no attempt", async () => {
    const job = await rig.submit(api, 1);
    const dying = await rig
      .start(ROLES.worker, { HEADWAY_FAILPOINT: "claim.after_commit:kill9" })
      .catch((error: Error) => {
        expect(error.message).toContain("fired");
        return null;
      });
    if (dying) await until("it is dead", () => hasExited(dying));
    if (dying) expect(hasFired(dying)).toBe(true);
    const survivor = await rig.start(ROLES.worker);
    await until("it was claimed again", async () => {
      const { rows } = await rig.db.query("select 1 from task where job_id = $1 and fence = 2", [job]);
      return rows.length > 0;
    });
    await rig.settled([job]);
    const { rows } = await rig.db.query(
      "select reason, attempt from status_change where job_id = $1 and entity_type = 'TASK' and reason in ('LEASE_EXPIRED', 'CLAIMED') and to_stage = 'one' order by position",
      [job],
    );
    expect(rows).toEqual([
      { reason: "CLAIMED", attempt: 1 },
      { reason: "LEASE_EXPIRED", attempt: 1 },
      { reason: "CLAIMED", attempt: 1 },
    ]);
    await rig.account({ fault: "F2", what: "kill -9 between claim and stage", times: 1 });
    await survivor.kill();
  });
});
