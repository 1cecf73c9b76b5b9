import Bull from "bull";
import { Countdown, STAGES, type Peer } from "./peer.js";

/**
 * Bull with a queue a stage: each stage's end adds the next stage's job. Nothing is kept, in Redis or elsewhere.
 * Settings: removeOnComplete, addBulk for the first stage, concurrency 50 (Bull's guide on `process` concurrency; 200
 * was no faster).
 */
export const peer: Peer = {
  async start({ redisUrl }) {
    const ends = new Countdown();
    const queues = Array.from(
      { length: STAGES },
      (_, stage) =>
        new Bull<{ document: number }>(`stage${stage}`, redisUrl, { defaultJobOptions: { removeOnComplete: true } }),
    );
    for (const [stage, queue] of queues.entries()) {
      const next = queues[stage + 1];
      void queue.process(50, async (job) => {
        if (next) await next.add(job.data);
        else ends.one();
        return { ok: true };
      });
    }
    await Promise.all(queues.map((queue) => queue.isReady()));
    return {
      async round(documents) {
        const startedAt = performance.now();
        const all = ends.expect(documents);
        await queues[0]!.addBulk(Array.from({ length: documents }, (_, document) => ({ data: { document } })));
        await all;
        return performance.now() - startedAt;
      },
      async stop() {
        await Promise.all(queues.map((queue) => queue.close()));
      },
    };
  },
};
