import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import WebSocket from "ws";
import type { ApiClient } from "../../../src/cli/client.js";
import type { HeadwayProcess } from "../../support/processes.js";
import { startRedis, type TestRedis } from "../../support/redis.js";
import { slackMs } from "../../support/slack.js";
import { until } from "../../support/until.js";
import { startFaultProxy, type FaultProxy } from "../fault-proxy.js";
import { createFaultRig, ROLES, type FaultRig } from "../rig.js";

const GRACE_MS = 3_000;
let rig: FaultRig;
let redis: TestRedis;
let toRedis: FaultProxy;
let api: ApiClient;
beforeAll(async () => {
  [rig, redis] = await Promise.all([createFaultRig(), startRedis()]);
  toRedis = await startFaultProxy(redis.port);
  api = rig.client(await rig.start({ HEADWAY_ROLES: "api,reconciler" }));
});
afterAll(async () => {
  await rig.close();
  await toRedis.close();
  await redis.stop();
});

// Left alive by a test that failed they would take the work of those below.
const started: HeadwayProcess[] = [];
afterEach(async () => {
  toRedis.pass();
  await Promise.all(started.splice(0).map((one) => one.kill()));
});
async function start(...settings: Record<string, string>[]): Promise<HeadwayProcess> {
  const one = await rig.start(...settings);
  started.push(one);
  return one;
}

const runningOf = async (job: string): Promise<number> =>
  (await rig.db.query("select count(*)::int as n from headway.task where job_id = $1 and status = 'RUNNING'", [job]))
    .rows[0].n;

describe("F21: SIGTERM with long work", () => {
  test.each([
    ["and Redis there", false],
    ["and Redis in a black hole at that moment", true],
  ])(
    "%s: not ready at once, sockets closed with 1001, work given back within the grace and taken elsewhere within a second",
    async (_what, blackhole) => {
      const settings = { HEADWAY_GRACE_MS: String(GRACE_MS), REDIS_URL: `redis://127.0.0.1:${toRedis.port}` };
      const stopping = await start({ HEADWAY_ROLES: "api,worker" }, settings);
      const job = await rig.submit(api, 4, { options: { holdMs: 600_000 } });
      await until("all four run", async () => (await runningOf(job)) === 4);
      const socket = new WebSocket(stopping.url.replace("http", "ws") + "/graphql", "graphql-transport-ws");
      const closedWith = new Promise<number>((resolve) => socket.once("close", resolve));
      await new Promise((resolve) => socket.once("open", resolve));
      // With its key: one without would be closed for that, where a worker takes its time to start.
      socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${stopping.key}` } }));
      await new Promise((resolve) => socket.once("message", resolve));
      await start(ROLES.worker);

      if (blackhole) toRedis.blackhole();
      const exited = new Promise<number | null>((resolve) => stopping.child.once("exit", resolve));
      stopping.child.kill("SIGTERM");
      const askedAt = Date.now();
      expect(await closedWith).toBe(1001);
      const closedMs = Date.now() - askedAt;
      expect(await exited).toBe(0);
      const exitMs = Date.now() - askedAt;
      // Ending a process and its connections takes a moment of its own.
      const slack = slackMs();
      expect(exitMs).toBeLessThan(GRACE_MS + 1_500 + slack);
      expect(closedMs).toBeLessThan(GRACE_MS + slack);

      await until("what was given back runs elsewhere", async () => (await runningOf(job)) === 4);
      const { rows } = await rig.db.query(
        `select g.reason, g.attempt, extract(epoch from c.at - g.at) * 1000 as ms from headway.status_change g
       join headway.status_change c on c.entity_id = g.entity_id and c.version = g.version + 1 and c.reason = 'CLAIMED'
       where g.job_id = $1 and g.reason = 'INTERRUPTED'`,
        [job],
      );
      expect(rows).toHaveLength(4);
      for (const { attempt, ms } of rows) {
        expect(attempt).toBe(1);
        expect(Number(ms)).toBeLessThan(1_000 + slack);
      }
      // It would run on for hours: long enough for whoever has to start before it ends.
      await api.query("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } } }", { id: job });
      await rig.settled([job]);
      const tasks = await rig.db.query("select distinct attempt, crashes from headway.task where job_id = $1", [job]);
      expect(tasks.rows).toEqual([{ attempt: 1, crashes: 0 }]);
      const what = `SIGTERM${blackhole ? ", Redis blackholed" : ""}: exit after ${exitMs} ms`;
      await rig.account({ fault: "F21", what, times: 1 }, { statuses: ["CANCELLED"] });
    },
  );

  test("/readyz says that it is stopping while running work is waited for", async () => {
    const stopping = await start({ HEADWAY_ROLES: "api,worker", HEADWAY_GRACE_MS: "3000" });
    const job = await rig.submit(api, 1, { options: { holdMs: 1_000 } });
    await until("it runs", async () => (await runningOf(job)) === 1);
    const held = new AbortController();
    // An answer under way holds the server open while it drains; a check on the same connection is the last it takes.
    stopping.child.kill("SIGTERM");
    let answer: { status: number; text: string } | null = null;
    await until("it is not ready any more", async () => {
      answer = await fetch(`${stopping.url}/readyz`, { signal: held.signal }).then(
        async (response) => ({ status: response.status, text: await response.text() }),
        () => ({ status: 0, text: "" }),
      );
      return answer.status !== 200;
    });
    // Either it says so itself, or the listener is closed, which says the same to a load balancer.
    expect([0, 503]).toContain(answer!.status);
    await start(ROLES.worker);
    await rig.settled([job]);
    await rig.account({ fault: "F21", what: "not ready while it stops", times: 1 });
  });

  test("a second SIGTERM ends at once, and the sweep gives the work back", async () => {
    const stopping = await start(ROLES.worker, { HEADWAY_GRACE_MS: "60000" });
    const job = await rig.submit(api, 2, { options: { holdMs: 15_000 } });
    await until("it runs there", async () => {
      const { rows } = await rig.db.query(
        "select count(*)::int as n from headway.task t join headway.worker w on w.id = t.worker_id where t.job_id = $1 and w.pid = $2",
        [job, stopping.child.pid],
      );
      return rows[0].n > 0;
    });
    const exited = new Promise<number | null>((resolve) => stopping.child.once("exit", resolve));
    stopping.child.kill("SIGTERM");
    const firstAt = Date.now();
    // Two of a kind within half a second are one.
    await until("it stops", () => stopping.output().includes("Stopping") && Date.now() - firstAt > 700);
    const askedAt = Date.now();
    stopping.child.kill("SIGTERM");
    expect(await exited).toBe(130);
    const tookMs = Date.now() - askedAt;
    expect(tookMs).toBeLessThan(1_000 + slackMs());
    await start(ROLES.worker);
    await rig.settled([job]);
    await rig.account({ fault: "F21", what: "second SIGTERM", times: 1, recoveryMs: Date.now() - askedAt });
  });
});
