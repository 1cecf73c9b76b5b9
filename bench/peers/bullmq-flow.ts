import { FlowProducer, Worker, type FlowJob } from "bullmq";
import { Countdown, STAGES, type Peer } from "./peer.js";

/**
 * BullMQ: a flow of five jobs a document, each stage the child of the one after it; addBulk in pieces of 1,000.
 * Settings: removeOnComplete, one worker a queue, concurrency 50 (docs.bullmq.io/guide/workers/concurrency).
 */
export const peer: Peer = {
  async start({ redisUrl }) {
    const { hostname: host, port } = new URL(redisUrl);
    const connection = { host, port: Number(port), maxRetriesPerRequest: null };
    const ends = new Countdown();
    const workers = Array.from(
      { length: STAGES },
      (_, stage) =>
        new Worker(
          `flow${stage}`,
          async () => {
            if (stage === STAGES - 1) ends.one();
            return { ok: true };
          },
          { connection, concurrency: 50, removeOnComplete: { count: 0 } },
        ),
    );
    await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    const flows = new FlowProducer({ connection });
    const flowOf = (document: number, stage: number): FlowJob => ({
      name: "stage",
      queueName: `flow${stage}`,
      data: { document },
      opts: { removeOnComplete: true },
      ...(stage > 0 ? { children: [flowOf(document, stage - 1)] } : {}),
    });
    return {
      async round(documents) {
        const startedAt = performance.now();
        const all = ends.expect(documents);
        for (let first = 0; first < documents; first += 1_000) {
          const length = Math.min(1_000, documents - first);
          await flows.addBulk(Array.from({ length }, (_, n) => flowOf(first + n, STAGES - 1)));
        }
        await all;
        return performance.now() - startedAt;
      },
      async stop() {
        await flows.close();
        await Promise.all(workers.map((worker) => worker.close()));
      },
    };
  },
};
