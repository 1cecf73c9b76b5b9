import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "../../../src/cli/client.js";
import type { HeadwayProcess } from "../../support/processes.js";
import { startRedis, type TestRedis } from "../../support/redis.js";
import { until } from "../../support/until.js";
import { startFaultProxy, type FaultProxy } from "../fault-proxy.js";
import { createFaultRig, hasExited, ROLES, type FaultRig } from "../rig.js";

/** What a submit may take longer while Redis is in trouble. */
const MAX_ADDED_MS = 200;
const SUBMITS = 20;
const POLL_MS = 500;

let redis: TestRedis;
let toRedis: FaultProxy;
let rig: FaultRig;
let processes: HeadwayProcess[];
let api: ApiClient;
beforeAll(async () => {
  redis = await startRedis();
  [rig, toRedis] = await Promise.all([createFaultRig(), startFaultProxy(redis.port)]);
  const settings = { REDIS_URL: `redis://127.0.0.1:${toRedis.port}`, HEADWAY_POLL_MS: String(POLL_MS) };
  processes = await Promise.all([
    rig.start({ HEADWAY_ROLES: "api,reconciler" }, settings),
    rig.start(ROLES.worker, settings),
  ]);
  api = rig.client(processes[0]!);
});
afterAll(async () => {
  await rig.close();
  await toRedis.close();
  await redis.stop();
});

/** Sends one command past the proxy, by a connection of its own. */
async function tell(...command: [string, ...(string | number)[]]): Promise<unknown> {
  // A Redis that is busy refuses the question whether it is ready.
  const options = { lazyConnect: true, enableReadyCheck: false, retryStrategy: () => null, enableOfflineQueue: false };
  const client = new Redis(redis.url, options);
  client.on("error", () => undefined); // It may be told while it can't answer.
  await client.connect();
  try {
    return await client.call(...command);
  } finally {
    client.disconnect();
  }
}

interface Trouble {
  begin(): Promise<unknown>;
  end(): Promise<unknown>;
  /** How long it lasts at least. */
  readonly forMs: number;
}

const TROUBLES: Record<string, Trouble> = {
  "READONLY, as a replica": {
    begin: () => tell("replicaof", "127.0.0.1", 1),
    end: () => tell("replicaof", "no", "one"),
    forMs: 3_000,
  },
  "OOM, at its memory limit": {
    begin: () => tell("config", "set", "maxmemory", 1),
    end: () => tell("config", "set", "maxmemory", 0),
    forMs: 3_000,
  },
  "BUSY with a script": {
    async begin() {
      await tell("config", "set", "busy-reply-threshold", 50);
      tell("eval", "while true do end", 0).catch(() => undefined); // It is killed.
      await sleep(200);
      await expect(tell("get", "x")).rejects.toThrow("BUSY");
    },
    end: () => tell("script", "kill"),
    // Longer than a silent connection is kept: it reconnects meanwhile, and is refused its subscriptions.
    forMs: 7_000,
  },
  "down for 30 s, and empty when it is back": {
    begin: () => redis.stop(),
    end: async () => (redis = await startRedis({ port: redis.port })),
    forMs: 30_000,
  },
  frozen: { begin: async () => redis.freeze(), end: async () => redis.thaw(), forMs: 5_000 },
  "half open: connected, and nothing passes": {
    begin: async () => toRedis.blackhole(),
    end: async () => toRedis.pass(),
    forMs: 5_000,
  },
};

/** Median and slowest of as many submits of one document each. */
async function submits(): Promise<{ jobs: string[]; medianMs: number; slowestMs: number }> {
  const took: number[] = [];
  const jobs: string[] = [];
  for (let n = 0; n < SUBMITS; n += 1) {
    const collection = await rig.collection(api, 1);
    const startedAt = performance.now();
    jobs.push(await rig.submit(api, collection));
    took.push(performance.now() - startedAt);
  }
  const sorted = took.toSorted((a, b) => a - b);
  return { jobs, medianMs: sorted[SUBMITS / 2]!, slowestMs: sorted.at(-1)! };
}

/** From the submit of one document to its claim; with hints some milliseconds, without up to a poll. */
async function claimedAfterMs(): Promise<number> {
  const job = await rig.submit(api, 1);
  await rig.settled([job]);
  const { rows } = await rig.db.query(
    `select extract(epoch from min(c.at) filter (where c.to_status = 'RUNNING') - min(c.at)) * 1000 as ms
     from headway.status_change c where c.job_id = $1 and c.entity_type = 'TASK'`,
    [job],
  );
  return Number(rows[0].ms);
}

test.each(Object.keys(TROUBLES))(
  "F8: Redis is %s: submits answer, work goes on by poll, and hints flow again after",
  async (what) => {
    const trouble = TROUBLES[what]!;
    const calm = await submits();
    await rig.settled(calm.jobs);

    await trouble.begin();
    const begunAt = Date.now();
    const troubled = await submits();
    expect(troubled.slowestMs).toBeLessThanOrEqual(calm.slowestMs + MAX_ADDED_MS);
    await rig.settled(troubled.jobs);
    for (const process of processes) {
      const { status } = await fetch(`${process.url}/healthz`);
      expect(status).toBe(200);
    }
    await sleep(Math.max(0, trouble.forMs - (Date.now() - begunAt)));
    await trouble.end();

    const overAt = Date.now();
    await until(
      "hints are faster than the poll again, five times in a row",
      async () => {
        for (let n = 0; n < 5; n += 1) if ((await claimedAfterMs()) > POLL_MS / 4) return false;
        return true;
      },
      30_000,
    );
    const recoveryMs = Date.now() - overAt;
    expect(processes.filter(hasExited)).toEqual([]);
    const added = Math.max(0, Math.round(troubled.slowestMs - calm.slowestMs));
    await rig.account({
      fault: "F8",
      what: `Redis ${what}; slowest of ${SUBMITS} submits + ${added} ms`,
      times: 1,
      recoveryMs,
    });
  },
);
