import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "../../../src/cli/client.js";
import type { HeadwayProcess } from "../../support/processes.js";
import { PATIENCE_MS, until } from "../../support/until.js";
import { createFaultRig, hasExited, ROLES, type FaultRig } from "../rig.js";

const FOR_MS = 20_000;
const EVERY_MS = 200;

let rig: FaultRig;
let processes: HeadwayProcess[];
let api: ApiClient;
beforeAll(async () => {
  rig = await createFaultRig();
  processes = await Promise.all([rig.start({ HEADWAY_ROLES: "api,reconciler" }), rig.start(ROLES.worker)]);
  api = rig.client(processes[0]!);
});
afterAll(() => rig.close());

/** The pool of a process, as /metrics tells it: connections in use, and callers that wait for one. */
async function pool({ url }: HeadwayProcess): Promise<{ used: number; waiting: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const of = (state: string): number =>
    Number(new RegExp(`^headway_pool_connections\\{pool="work",state="${state}"\\} (\\d+)$`, "m").exec(text)![1]);
  return { used: of("used"), waiting: of("waiting") };
}

test("F11: all connections are cut every 200 ms for 20 s under load: the pools are whole again, and nobody waits", async () => {
  const startedAt = Date.now();
  const jobs: string[] = [];
  // On a busy machine a connection may take longer than the next cut is away: they go on until one submit got through.
  const isCutting = (): boolean => {
    const forMs = Date.now() - startedAt;
    return forMs < FOR_MS || (jobs.length === 0 && forMs < PATIENCE_MS);
  };
  const before = rig.postgres.fired;
  const cutting = (async () => {
    while (isCutting()) {
      rig.postgres.reset();
      await sleep(EVERY_MS);
    }
  })();
  let unanswered = 0;
  for (let n = 0; isCutting(); n += 1) {
    // As a client does it: asked again under the same key until there is an answer.
    const idempotencyKey = `f11 ${n}`;
    let collection: string | null = null;
    for (let job: string | null = null; job === null && isCutting();) {
      try {
        collection ??= await rig.collection(api, 3);
        job = await rig.submit(api, collection, { idempotencyKey, options: { holdMs: 50 } });
        jobs.push(job);
      } catch {
        unanswered += 1;
      }
    }
  }
  await cutting;
  const times = rig.postgres.fired - before;
  expect(times).toBeGreaterThan(100);
  expect(jobs.length).toBeGreaterThan(0);
  const calmAt = Date.now();
  await rig.settled(jobs);
  for (const process of processes) {
    await until("its pool is at rest", async () => {
      const { used, waiting } = await pool(process);
      // The answer itself may be using one.
      return used <= 1 && waiting === 0;
    });
    expect((await fetch(`${process.url}/readyz`)).status).toBe(200);
  }
  const recoveryMs = Date.now() - calmAt;
  expect(processes.filter(hasExited)).toEqual([]);
  await rig.account({
    fault: "F11",
    what: `cut every ${EVERY_MS} ms for 20 s, ${unanswered} requests failed`,
    times,
    recoveryMs,
  });
});
