import PgBoss from "pg-boss";
import { Countdown, STAGES, type Peer } from "./peer.js";

const BATCH = 500;

/**
 * pg-boss with a queue a stage, worked by fetch and complete in batches of 500 (its own `work` polls each half second at
 * best, which would measure the poll): what is fetched is inserted for the next stage, then completed.
 */
export const peer: Peer = {
  async start({ databaseUrl }) {
    const boss = new PgBoss({ connectionString: databaseUrl, supervise: false, schedule: false, max: 10 });
    await boss.start();
    const names = Array.from({ length: STAGES }, (_, stage) => `stage${stage}`);
    for (const name of names) await boss.createQueue(name, { name, policy: "standard" });
    const ends = new Countdown();
    return {
      async round(documents) {
        const startedAt = performance.now();
        let isDone = false;
        const all = ends.expect(documents).then(() => (isDone = true));
        for (let first = 0; first < documents; first += 1_000) {
          const length = Math.min(1_000, documents - first);
          await boss.insert(Array.from({ length }, (_, n) => ({ name: names[0]!, data: { document: first + n } })));
        }
        await Promise.all(
          names.map(async (name, stage) => {
            const next = names[stage + 1];
            while (!isDone) {
              const jobs = await boss.fetch<object>(name, { batchSize: BATCH });
              if (jobs.length === 0) {
                await new Promise((resolve) => setTimeout(resolve, 5));
                continue;
              }
              if (next) await boss.insert(jobs.map(({ data }) => ({ name: next, data })));
              await boss.complete(
                name,
                jobs.map(({ id }) => id),
              );
              if (!next) for (const _ of jobs) ends.one();
            }
          }),
        );
        await all;
        return performance.now() - startedAt;
      },
      async stop() {
        await boss.stop({ graceful: false });
      },
    };
  },
};
