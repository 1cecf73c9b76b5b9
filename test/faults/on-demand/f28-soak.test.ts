import { expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { migrate } from "../../../src/database/migrate.js";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../../src/database/embedded.js";
import type { HeadwayProcess } from "../../support/processes.js";
import { startRedis } from "../../support/redis.js";
import { startFaultProxy } from "../fault-proxy.js";
import { createFaultRig, hasExited, ROLES } from "../rig.js";

const MINUTES = Number(process.env.HEADWAY_TEST_SOAK_MINUTES ?? "10");
const SEED = Number(process.env.HEADWAY_TEST_SEED ?? Date.now() % 1_000_000);

/** Mulberry32: small, and the same everywhere for one seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test(
  "F28: a random schedule of kills, freezes, emptied and frozen Redis, restarted Postgres, cut connections and cancels",
  async () => {
    process.stderr.write(`F28: seed ${SEED}, ${MINUTES} minutes\n`);
    const random = randomOf(SEED);
    const dataDir = await mkdtemp(path.join(tmpdir(), "headway-f28-"));
    let postgres: EmbeddedPostgres = await startEmbeddedPostgres({ dataDir });
    const port = Number(new URL(postgres.url).port);
    await migrate(postgres.url);
    const redis = await startRedis();
    const toRedis = await startFaultProxy(redis.port);
    const rig = await createFaultRig({ databaseUrl: postgres.url });
    // What crashes a worker at random is not the document's fault: nothing here is poison.
    const settings = { REDIS_URL: `redis://127.0.0.1:${toRedis.port}`, HEADWAY_CRASH_LIMIT: "100" };
    const server = await rig.start({ HEADWAY_ROLES: "api,reconciler" }, settings);
    const api = rig.client(server);
    let workers: HeadwayProcess[] = [await rig.start(ROLES.worker, settings), await rig.start(ROLES.worker, settings)];
    const struck = new Map<string, number>();
    const between = (low: number, high: number): number => low + random() * (high - low);

    const faults: Record<string, () => Promise<void>> = {
      async "F1 kill"() {
        const [victim, ...others] = workers;
        await victim!.kill();
        workers = [...others, await rig.start(ROLES.worker, settings)];
      },
      async "F3 freeze"() {
        const victim = workers[Math.floor(random() * workers.length)]!;
        victim.child.kill("SIGSTOP");
        await sleep(between(500, 4_000));
        victim.child.kill("SIGCONT");
      },
      async "F7 flushall"() {
        const client = new Redis(redis.url);
        await client.flushall();
        await client.quit();
      },
      async "F8 redis frozen"() {
        redis.freeze();
        await sleep(between(500, 4_000));
        redis.thaw();
      },
      async "F8 redis black hole"() {
        toRedis.blackhole();
        await sleep(between(500, 4_000));
        toRedis.pass();
      },
      async "F10 postgres restarted"() {
        await postgres.stop();
        await sleep(between(0, 3_000));
        postgres = await startEmbeddedPostgres({ dataDir, port });
      },
      async "F11 connections cut"() {
        for (let i = 0; i < 10; i += 1) {
          rig.postgres.reset();
          await sleep(200);
        }
      },
      async "F12 cut in commit"() {
        const needles = ['"leaseMs"', "headway.heartbeat($1", '"kind":"stage"', '"kind":"complete"', "COMMIT"];
        const needle = needles[Math.floor(random() * needles.length)]!;
        const cut = rig.postgres.cutOn(needle, random() < 0.5 ? "before" : "after");
        await Promise.race([cut, sleep(3_000, undefined, { ref: false })]);
      },
    };

    /** Until it is answered: a client that is cut off asks again under the same key. */
    const insist = async <T>(ask: () => Promise<T>): Promise<T> => {
      for (let tries = 0; ; tries += 1) {
        try {
          return await ask();
        } catch (error) {
          if (tries > 200) throw error;
          await sleep(100);
        }
      }
    };
    const endsAt = Date.now() + MINUTES * 60_000;
    const jobs: string[] = [];
    let cancels = 0;
    const load = (async () => {
      for (let n = 0; Date.now() < endsAt; n += 1) {
        const options = { holdMs: Math.floor(between(0, 300)) };
        const more = { options, idempotencyKey: `soak ${SEED} ${n}` };
        const documents = 1 + Math.floor(between(0, 8));
        // Asked for again with the very same collection: under one key another is a conflict.
        const collection = await insist(() => rig.collection(api, documents));
        const job = await insist(() => rig.submit(api, collection, more));
        jobs.push(job);
        if (random() < 0.15) {
          await insist(() =>
            api.query("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } } }", { id: job }),
          );
          cancels += 1;
        }
        await sleep(between(0, 400));
      }
    })();
    const names = Object.keys(faults);
    while (Date.now() < endsAt) {
      const name = names[Math.floor(random() * names.length)]!;
      await faults[name]!();
      struck.set(name, (struck.get(name) ?? 0) + 1);
      await sleep(between(200, 2_000));
    }
    rig.postgres.pass();
    toRedis.pass();
    await load;
    const calmAt = Date.now();
    await rig.settled(jobs, 120_000);
    const recoveryMs = Date.now() - calmAt;
    expect(hasExited(server)).toBe(false);
    expect(workers.filter(hasExited)).toHaveLength(0);
    const times = [...struck.values()].reduce((sum, n) => sum + n, 0);
    const what = `seed ${SEED}, ${MINUTES} min, ${cancels} cancels, ${JSON.stringify(Object.fromEntries(struck))}`;
    await rig.account(
      { fault: "F28", what, times, recoveryMs },
      { statuses: ["COMPLETED", "CANCELLED", "COMPLETED_WITH_ERRORS"] },
    );
    process.stderr.write(`F28: ${jobs.length} jobs, ${times} faults, ${rig.looks} looks, ${what}\n`);
    await rig.close();
    await toRedis.close();
    await redis.stop();
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  },
  (MINUTES + 5) * 60_000,
);
