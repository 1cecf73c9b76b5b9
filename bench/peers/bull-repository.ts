import "reflect-metadata";
import { randomUUID } from "node:crypto";
import Bull from "bull";
import { Column, DataSource, Entity, PrimaryColumn, PrimaryGeneratedColumn } from "typeorm";
import { Countdown, STAGES, type Peer } from "./peer.js";

@Entity()
class BenchDocument {
  @PrimaryColumn("uuid") id!: string;
  @Column("text") stage!: string;
  @Column("text") status!: string;
}

@Entity()
class BenchHistory {
  @PrimaryGeneratedColumn("identity") id!: string;
  @Column("uuid") documentId!: string;
  @Column("text") stage!: string;
  @Column("text") status!: string;
  @Column("timestamptz", { default: () => "now()" }) at!: Date;
}

/**
 * As it is most often written: Bull with a queue a stage, and at each stage's end the document's row saved by its
 * repository and a row of history inserted. Settings: as bull-chain's; a pool of 20 connections for 5 × 50 handlers.
 */
export const peer: Peer = {
  async start({ redisUrl, databaseUrl }) {
    const db = await new DataSource({
      type: "postgres",
      url: databaseUrl,
      entities: [BenchDocument, BenchHistory],
      synchronize: true,
      extra: { max: 20 },
    }).initialize();
    const documents = db.getRepository(BenchDocument);
    const history = db.getRepository(BenchHistory);
    const ends = new Countdown();
    const queues = Array.from(
      { length: STAGES },
      (_, stage) =>
        new Bull<{ id: string }>(`kept${stage}`, redisUrl, { defaultJobOptions: { removeOnComplete: true } }),
    );
    for (const [stage, queue] of queues.entries()) {
      const next = queues[stage + 1];
      void queue.process(50, async (job) => {
        const document = await documents.findOneByOrFail({ id: job.data.id });
        document.stage = `s${stage + 1}`;
        document.status = next ? "RUNNING" : "COMPLETED";
        await documents.save(document);
        await history.insert({ documentId: document.id, stage: document.stage, status: document.status });
        if (next) await next.add(job.data);
        else ends.one();
        return { ok: true };
      });
    }
    await Promise.all(queues.map((queue) => queue.isReady()));
    return {
      async round(count) {
        const ids = Array.from({ length: count }, () => ({ id: randomUUID() }));
        const startedAt = performance.now();
        const all = ends.expect(count);
        await documents.insert(ids.map(({ id }) => ({ id, stage: "s0", status: "QUEUED" })));
        await queues[0]!.addBulk(ids.map((data) => ({ data })));
        await all;
        return performance.now() - startedAt;
      },
      async stop() {
        await Promise.all(queues.map((queue) => queue.close()));
        await db.destroy();
      },
    };
  },
};
