import { afterEach, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { migrate } from "../../../src/database/migrate.js";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../../src/database/embedded.js";
import { ROOT, type HeadwayProcess } from "../../support/processes.js";
import { startRedis } from "../../support/redis.js";
import { startFaultProxy } from "../fault-proxy.js";
import { createFaultRig, hasExited, ROLES } from "../rig.js";
import { askHungrily, cancel, submitEscapes, wrongEscapes } from "./soak-work.js";

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

const compiled = (...parts: string[]): string => path.join(ROOT, "dist", "test", "faults", ...parts);
/** Pipelines of a worker: of `rolling` it has this version. */
const pipelinesOf = (build: string, ...more: string[]): { HEADWAY_PIPELINES: string } => ({
  HEADWAY_PIPELINES: [compiled("pipelines", "steps.js"), compiled("builds", build), ...more].join(","),
});
/** Errors that escape would hurt their neighbours where nobody replaces a process: only the supervised run them. */
const SUPERVISED = {
  HEADWAY_ROLES: "worker",
  HEADWAY_WORKER_PROCESSES: "2",
  ...pipelinesOf("two", compiled("pipelines", "escape.js")),
};
const HUGE = 2_000;
const HUNGRY = 40;

const cleaners: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleaners.splice(0).reverse()) await clean();
});

test(
  "F28: a random schedule of kills, freezes, signals to groups, escaping errors, other versions, emptied and frozen Redis, restarted Postgres, cut connections, huge cancels and hungry queries",
  async () => {
    process.stderr.write(`F28: seed ${SEED}, ${MINUTES} minutes\n`);
    const random = randomOf(SEED);
    const dataDir = await mkdtemp(path.join(tmpdir(), "headway-f28-"));
    cleaners.push(() => rm(dataDir, { recursive: true, force: true }));
    let postgres: EmbeddedPostgres = await startEmbeddedPostgres({ dataDir });
    cleaners.push(() => postgres.stop());
    const port = Number(new URL(postgres.url).port);
    await migrate(postgres.url);
    const redis = await startRedis();
    cleaners.push(() => redis.stop());
    const toRedis = await startFaultProxy(redis.port);
    cleaners.push(() => toRedis.close());
    const rig = await createFaultRig({ databaseUrl: postgres.url });
    cleaners.push(() => rig.close());
    // What crashes a worker at random is not the document's fault: nothing here is poison.
    const settings = { REDIS_URL: `redis://127.0.0.1:${toRedis.port}`, HEADWAY_CRASH_LIMIT: "100" };
    const server = await rig.start({ HEADWAY_ROLES: "api,reconciler" }, settings, {
      HEADWAY_PIPELINES: SUPERVISED.HEADWAY_PIPELINES,
    });
    const api = rig.client(server);
    const startWorker = (build = "two"): Promise<HeadwayProcess> =>
      rig.start(ROLES.worker, settings, pipelinesOf(build));
    let workers: HeadwayProcess[] = [await startWorker(), await startWorker()];
    let supervised = await rig.startGroup(SUPERVISED, settings);
    const jobs: string[] = [];
    const escapes: string[] = [];
    const struck = new Map<string, number>();
    const between = (low: number, high: number): number => low + random() * (high - low);

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
    const faults: Record<string, () => Promise<void>> = {
      async "F1 kill"() {
        const [victim, ...others] = workers;
        await victim!.kill();
        workers = [...others, await startWorker()];
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
      async "F30 errors escape"() {
        escapes.push(await insist(() => submitEscapes(rig, api)));
      },
      async "F33 huge cancel"() {
        const collection = await insist(() => rig.collection(api, HUGE));
        const more = { options: { holdMs: 200 }, idempotencyKey: `huge ${SEED} ${jobs.length}` };
        const job = await insist(() => rig.submit(api, collection, more));
        jobs.push(job);
        await insist(() => cancel(api, job));
      },
      async "F34 another version"() {
        const [, other] = workers;
        const newer = await startWorker(["one", "two", "three"][Math.floor(random() * 3)]!);
        await sleep(between(500, 4_000));
        await other!.stop();
        workers = [workers[0]!, await startWorker()];
        await newer.stop();
      },
      async "F35 SIGTERM to the group"() {
        const ended = new Promise((resolve) => supervised.child.once("exit", resolve));
        process.kill(-supervised.child.pid!, "SIGTERM");
        await ended;
        expect(supervised.child.signalCode).toBeNull();
        supervised = await rig.startGroup(SUPERVISED, settings);
      },
      async "H8 hungry queries"() {
        expect(await askHungrily(server, HUNGRY)).toEqual([]);
      },
    };
    const endsAt = Date.now() + MINUTES * 60_000;
    let cancels = 0;
    const load = (async () => {
      for (let n = 0; Date.now() < endsAt; n += 1) {
        const options = { holdMs: Math.floor(between(0, 300)) };
        const pipeline = random() < 0.25 ? "rolling" : "steps";
        const more = { options, pipeline, idempotencyKey: `soak ${SEED} ${n}` };
        const documents = 1 + Math.floor(between(0, 8));
        // Asked for again with the very same collection: under one key another is a conflict.
        const collection = await insist(() => rig.collection(api, documents));
        const job = await insist(() => rig.submit(api, collection, more));
        jobs.push(job);
        if (random() < 0.15) {
          await insist(() => cancel(api, job));
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
    await rig.settled([...jobs, ...escapes]);
    const recoveryMs = Date.now() - calmAt;
    expect(hasExited(server)).toBe(false);
    expect([...workers, supervised].filter(hasExited)).toHaveLength(0);
    expect(await wrongEscapes(rig, escapes)).toEqual([]);
    const times = [...struck.values()].reduce((sum, n) => sum + n, 0);
    const what = `seed ${SEED}, ${MINUTES} min, ${cancels} cancels, ${JSON.stringify(Object.fromEntries(struck))}`;
    await rig.account(
      { fault: "F28", what, times, recoveryMs },
      { statuses: ["COMPLETED", "CANCELLED", "COMPLETED_WITH_ERRORS"] },
    );
    process.stderr.write(`F28: ${jobs.length} jobs, ${times} faults, ${rig.looks} looks, ${what}\n`);
  },
  (MINUTES + 5) * 60_000,
);
