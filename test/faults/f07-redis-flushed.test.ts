import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import type { ApiClient } from "../../src/cli/client.js";
import { startRedis, type TestRedis } from "../support/redis.js";
import { until } from "../support/until.js";
import { createFaultRig, ROLES, type FaultRig } from "./rig.js";

let rig: FaultRig;
let redis: TestRedis;
let api: ApiClient;
beforeAll(async () => {
  [rig, redis] = await Promise.all([createFaultRig(), startRedis()]);
  const REDIS = { REDIS_URL: redis.url };
  api = rig.client(await rig.start({ HEADWAY_ROLES: "api,reconciler" }, REDIS));
  await rig.start(ROLES.worker, REDIS, { HEADWAY_CONCURRENCY: "20" });
});
afterAll(async () => {
  await rig.close();
  await redis.stop();
});

test("F7: Redis is emptied with 200 queued, 20 running and some delayed: nothing is lost, running work is not repeated", async () => {
  const later = new Date(Date.now() + 4_000).toISOString();
  const jobs = [await rig.submit(api, 220, { options: { holdMs: 50 } }), await rig.submit(api, 20, { runAt: later })];
  const count = async (status: string): Promise<number> =>
    (
      await rig.db.query("select count(*)::int as n from headway.task where status = $1 and kind = 'DOCUMENT'", [
        status,
      ])
    ).rows[0].n;
  await until("twenty run", async () => (await count("RUNNING")) === 20);
  expect(await count("QUEUED")).toBeGreaterThanOrEqual(200);
  const client = new Redis(redis.url);
  const keys = await client.dbsize();
  expect(keys).toBeGreaterThan(0);
  await client.flushall();
  const emptiedAt = Date.now();
  await client.quit();
  await rig.settled(jobs);
  const { rows } = await rig.db.query("select 1 from headway.task where fence <> 1 or attempt <> 1 or crashes <> 0");
  expect(rows).toEqual([]);
  await rig.account({ fault: "F7", what: `FLUSHALL of ${keys} keys`, times: 1, recoveryMs: Date.now() - emptiedAt });
});
