import { Logger, run, makeWorkerUtils } from "graphile-worker";
import pg from "pg";
import { Countdown, STAGES, type Peer } from "./peer.js";

const silent = new Logger(() => () => {});

/** graphile-worker with a job a stage: each stage's end adds the next one. The first are added by one statement. */
export function graphile(worker: GraphileConfig.WorkerOptions): Peer {
  return {
    async start({ databaseUrl }) {
      const ends = new Countdown();
      const pgPool = new pg.Pool({ connectionString: databaseUrl, max: worker.maxPoolSize ?? 10 });
      // A connection that breaks while it is idle says so here; what it breaks in the middle of fails by itself.
      pgPool.on("error", (error) => console.error(error.message));
      pgPool.on("connect", (client) => client.on("error", () => undefined));
      const utils = await makeWorkerUtils({ pgPool, logger: silent });
      await utils.migrate();
      const runner = await run({
        preset: { worker: { ...worker, logger: silent } },
        pgPool,
        noHandleSignals: true,
        taskList: {
          stage: async (payload, helpers) => {
            const { document, stage } = payload as { document: number; stage: number };
            if (stage < STAGES) await helpers.addJob("stage", { document, stage: stage + 1 });
            else ends.one();
          },
        },
      });
      return {
        async round(documents) {
          const startedAt = performance.now();
          const all = ends.expect(documents);
          await utils.addJobs(
            Array.from({ length: documents }, (_, document) => ({
              identifier: "stage",
              payload: { document, stage: 1 },
            })),
          );
          await all;
          return performance.now() - startedAt;
        },
        async stop() {
          await runner.stop();
          await utils.release();
          await pgPool.end();
        },
      };
    },
  };
}
