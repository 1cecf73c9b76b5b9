import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiClient } from "../../../src/cli/client.js";
import type { HeadwayProcess } from "../../support/processes.js";
import { isAlive } from "../../support/is-alive.js";
import { PATIENCE_MS, until } from "../../support/until.js";
import { createFaultRig, hasExited, type FaultRig } from "../rig.js";

/** No lease passes while a test looks: what is given back is given back by the parent. */
const LEASE_MS = 600_000;
const LONG_LEASE = { HEADWAY_LEASE_MS: String(LEASE_MS), HEADWAY_HEARTBEAT_MS: "10000" };
/** Nor is anything found by polling: what runs soon was hinted at. */
const NO_POLL = { HEADWAY_POLL_MS: "600000" };

let rig: FaultRig;
let folder: string;
let headway: HeadwayProcess;
let api: ApiClient;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-f42-"));
  rig = await createFaultRig();
});
afterEach(async () => {
  await headway?.kill();
});
afterAll(async () => {
  await rig.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(settings: Record<string, string> = {}): Promise<void> {
  headway = await rig.start(LONG_LEASE, settings);
  api = rig.client(headway);
}

interface WorkerSeen {
  readonly id: string;
  readonly pid: number;
  readonly status: string;
  readonly concurrency: number;
}
const workers = async (): Promise<WorkerSeen[]> =>
  (await api.query<{ workers: WorkerSeen[] }>("{ workers(includeStopped: true) { id pid status concurrency } }"))
    .workers;
/** Those of servers that were killed with all they had look alive until their leases pass. */
const running = async (): Promise<WorkerSeen[]> =>
  (await workers()).filter(({ status, pid }) => status === "RUNNING" && isAlive(pid));
const taken = async (job: string): Promise<number> =>
  (await rig.db.query("select 1 from headway.task where job_id = $1 and status = 'RUNNING'", [job])).rows.length;

describe("F42: a worker's process dies under its parent", () => {
  test("killed: its tasks are given back at once, long before their leases pass; the API serves on; another takes its place", async () => {
    await start(NO_POLL);
    const [worker] = await running();
    expect(worker!.pid).not.toBe(headway.child.pid);
    const job = await rig.submit(api, 3, { options: { holdMs: 700 } });
    await until("all three run", async () => (await taken(job)) === 3);
    const killedAt = Date.now();
    process.kill(worker!.pid, "SIGKILL");
    await rig.settled([job]);
    const recoveryMs = Date.now() - killedAt;
    expect(hasExited(headway)).toBe(false);
    const seen = await workers();
    expect(seen.find(({ id }) => id === worker!.id)!.status).toBe("LOST");
    // Beside it is the one that the three have run in, one at a time.
    expect((await running()).filter(({ concurrency }) => concurrency > 1)).toHaveLength(1);
    const { rows } = await rig.db.query(
      "select message from headway.status_change where job_id = $1 and reason = 'LEASE_EXPIRED'",
      [job],
    );
    expect(rows).toHaveLength(3);
    expect(rows[0].message).toMatch(
      /^Worker [0-9a-f-]+ died, at or after stage "\w+": its process \d+ was ended by SIGKILL\. It ran 3 tasks, and any of them may be the cause\. Each runs alone next; none is counted as a crash\.$/,
    );
    expect(headway.output()).toMatch(/"msg":"a worker's process \d+ was ended by SIGKILL; another takes its place"/);
    // Hints go to those that take what they are about.
    const later: string[] = [];
    for (let n = 0; n < 4; n += 1) later.push(await rig.submit(api, 1));
    await rig.settled(later);
    await rig.account({ fault: "F42", what: "a worker's process killed under three tasks", times: 1, recoveryMs });
  });

  test.each(["claim.after_commit:kill9", "stage.after_run:kill9@2", "flush.after_commit:kill9@2"])(
    "at %s: nothing waits for a lease",
    async (failpoint) => {
      await start({ HEADWAY_FAILPOINT: failpoint, HEADWAY_SWEEP_MS: "600000" });
      const job = await rig.submit(api, 3);
      await rig.settled([job]);
      expect(headway.output()).toContain(`failpoint ${failpoint.split("@")[0]} fired`);
      expect(hasExited(headway)).toBe(false);
      await rig.account({ fault: "F42", what: `a worker's process at ${failpoint}`, times: 1 });
    },
  );

  test("a claim of it that is still under way in the database is waited for, and a later one takes nothing", async () => {
    await start({ HEADWAY_CONCURRENCY: "1" });
    const [worker] = await running();
    // One runs, the others are due.
    const job = await rig.submit(api, 3, { options: { holdMs: 600_000 } }, "scenery");
    await until("one runs", async () => (await taken(job)) === 1);
    // It was alone, so it runs alone again; another takes its place, and one stays due.
    const STEPS = { steps: { version: 1, stages: { one: 3 } } };
    const claiming = await rig.db.connect();
    const claim = async (worker: string, serves: object): Promise<number> => {
      const asked = JSON.stringify({ worker, serves, limit: 8, waitMs: 0 });
      const { rows } = await claiming.query("select cardinality(taken) as n, is_held from headway.claimable($1)", [
        asked,
      ]);
      if (!rows[0].is_held) return rows[0].n;
      // Something has become due this moment: what that changes is committed, and the claim made anew.
      await claiming.query("commit");
      await claiming.query("begin");
      return claim(worker, serves);
    };
    try {
      await claiming.query("begin");
      // One that takes nothing holds up nobody else, however long it is under way.
      expect(await claim(worker!.id, {})).toBe(0);
      process.kill(worker!.pid, "SIGKILL");
      await until("another runs", async () => (await running()).some(({ id }) => id !== worker!.id));
      const ofDead = async (): Promise<string> => (await workers()).find(({ id }) => id === worker!.id)!.status;
      expect(await ofDead()).not.toBe("LOST");
      await claiming.query("commit");
      await until("it is called dead", async () => (await ofDead()) === "LOST");
      await until("two run in others", async () => {
        const { rows } = await rig.db.query(
          "select status, worker_id as worker from headway.task where job_id = $1 and kind = 'DOCUMENT'",
          [job],
        );
        return (
          rows.every((row) => row.worker !== worker!.id) && rows.filter((row) => row.status === "RUNNING").length === 2
        );
      });
      await claiming.query("begin");
      expect(await claim(worker!.id, STEPS)).toBe(0);
      expect(await claim((await running())[0]!.id, STEPS)).toBe(1);
    } finally {
      // Else the locks would stay, with a connection that others are given.
      await claiming.query("rollback");
      claiming.release();
    }
    await api.query("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } } }", { id: job });
    await rig.settled([job]);
  });
});

describe("F42: code of pipelines blocks its process", () => {
  const busy = async (busyMs: number): Promise<{ job: string; pid: number }> => {
    const marker = path.join(folder, `marker-${Math.random()}`);
    const job = await rig.submit(api, 1, { pipeline: "busy", options: { busyMs, marker } }, "scenery");
    await until("it spins", () => existsSync(marker) && readFileSync(marker, "utf8") !== "");
    return { job, pid: Number(readFileSync(marker, "utf8")) };
  };

  test("the API answers beside it, and SIGTERM ends it within the grace; its task is given back, and no crash", async () => {
    await start({ HEADWAY_GRACE_MS: "8000" });
    const { job, pid } = await busy(600_000);
    expect(pid).not.toBe(headway.child.pid);
    const askedAt = Date.now();
    expect((await fetch(`${headway.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${headway.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${headway.url}/metrics`)).status).toBe(200);
    expect((await workers()).map((worker) => worker.pid)).toContain(pid);
    expect(Date.now() - askedAt).toBeLessThan(PATIENCE_MS);
    expect(isAlive(pid)).toBe(true);
    const exited = new Promise<number | null>((resolve) => headway.child.once("exit", resolve));
    headway.child.kill("SIGTERM");
    expect(await exited).toBe(0);
    expect(isAlive(pid)).toBe(false);
    expect(headway.output()).toContain("Stopped.");
    const { rows } = await rig.db.query(
      "select t.status, t.crashes, c.reason from headway.task t join headway.status_change c on c.entity_id = t.id and c.version = t.version where t.job_id = $1 and t.kind = 'DOCUMENT'",
      [job],
    );
    expect(rows).toEqual([{ status: "QUEUED", crashes: 0, reason: "INTERRUPTED" }]);
  });

  test("killed by somebody else while it drains: that is told as what it is, and counts no crash of two tasks", async () => {
    await start({ HEADWAY_GRACE_MS: "60000" });
    const [worker] = await running();
    const job = await rig.submit(api, 2, { options: { holdMs: 600_000 } }, "scenery");
    await until("both run", async () => (await taken(job)) === 2);
    const exited = new Promise<number | null>((resolve) => headway.child.once("exit", resolve));
    headway.child.kill("SIGTERM");
    await until("it drains", async () => {
      const { rows } = await rig.db.query("select draining_at from headway.worker where id = $1", [worker!.id]);
      return rows[0].draining_at !== null;
    });
    process.kill(worker!.pid, "SIGKILL");
    expect(await exited).toBe(0);
    const { rows } = await rig.db.query(
      "select c.reason, t.crashes from headway.task t join headway.status_change c on c.entity_id = t.id and c.version = t.version where t.job_id = $1 and t.kind = 'DOCUMENT'",
      [job],
    );
    expect(rows).toEqual(Array(2).fill({ reason: "LEASE_EXPIRED", crashes: 0 }));
    expect(headway.output()).toMatch(/while workers are stopped: process \d+ was ended by SIGKILL/);
  });

  test("that dies before it is ready at the first start ends the parent, with the reason", async () => {
    const failed = rig.start(LONG_LEASE, { HEADWAY_FAILPOINT: "flush.before_send:kill9", HEADWAY_ROLES: "worker" });
    await expect(failed).rejects.toThrow(/was not ready before its end: process \d+ was ended by SIGKILL/);
  });

  test("when the parent is killed it does not live on, though it hears nothing", async () => {
    await start();
    const { pid } = await busy(600_000);
    await headway.kill();
    await until("its worker's process is gone", () => !isAlive(pid));
  });
});

describe("several worker processes", () => {
  test("share the work by hints alone, are workers of their own, and are measured with their parent", async () => {
    await start({ ...NO_POLL, HEADWAY_WORKER_PROCESSES: "2", HEADWAY_CONCURRENCY: "2" });
    const pids = (await running()).map(({ pid }) => pid);
    expect(new Set(pids).size).toBe(2);
    expect(headway.output()).toMatch(/Workers +2 processes \(\d+, \d+\)/);
    // Two hints fill a process and two more wait there for room: with six the other one is woken too.
    const jobs: string[] = [];
    for (let n = 0; n < 6; n += 1) jobs.push(await rig.submit(api, 1, { options: { holdMs: 10_000 } }));
    await until("four run, two in each", async () => {
      const { rows } = await rig.db.query(
        "select w.pid from headway.task t join headway.worker w on w.id = t.worker_id where t.job_id = any ($1) and t.status = 'RUNNING'",
        [jobs],
      );
      return rows.length === 4 && pids.every((pid) => rows.filter((row) => row.pid === pid).length === 2);
    });
    await rig.settled(jobs);
    const text = await (await fetch(`${headway.url}/metrics`)).text();
    const flushed = /^headway_flush_changes_sum (\d+)$/m.exec(text);
    expect(Number(flushed![1])).toBeGreaterThanOrEqual(4);
    // Of counters nothing is lost when a process dies.
    process.kill(pids[0]!, "SIGKILL");
    await until("another has taken its place", async () => !(await running()).some(({ pid }) => pid === pids[0]));
    const later = await (await fetch(`${headway.url}/metrics`)).text();
    const still = /^headway_flush_changes_sum (\d+)$/m.exec(later);
    expect(Number(still![1])).toBeGreaterThanOrEqual(Number(flushed![1]));
    await rig.account({ fault: "F42", what: "two worker processes, no polling", times: 1 });
  });
});
