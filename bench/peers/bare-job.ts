import "reflect-metadata";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { tmpdir } from "node:os";
import { createDataSource } from "../../src/database/data-source.js";
import { migrate } from "../../src/database/migrate.js";
import { createInProcessDispatcher } from "../../src/dispatch/in-process.js";
import { addDocuments } from "../../src/engine/collection/add-documents.js";
import { createCollection } from "../../src/engine/collection/collections.js";
import type { Actor, EngineDeps } from "../../src/engine/engine.js";
import { createNetworks } from "../../src/sources/networks.js";
import { submitJob } from "../../src/engine/submit/submit.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { Registry } from "../../src/pipelines/registry.js";
import { STAGES } from "./peer.js";

const ACTOR: Actor = { type: "USER", name: "bench", projectId: "00000000-0000-7000-8000-000000000001" };

/** The pipeline that bare jobs are submitted to; no worker knows it. */
export const BARE_PIPELINE = "limit";
export const STAGE_NAMES = Array.from({ length: STAGES }, (_, n) => `s${n + 1}`);

/** Jobs in a database with nobody to work on them: for benches that drive the SQL themselves. */
export interface BareJobs {
  collectionOf(documents: number): Promise<string>;
  /** The id of the job. */
  submit(collectionId: string): Promise<string>;
  close(): Promise<void>;
}

/** @param databaseUrl empty, or migrated */
export async function openBareJobs(databaseUrl: string): Promise<BareJobs> {
  await migrate(databaseUrl);
  const db = await createDataSource(databaseUrl).initialize();
  const stages = STAGE_NAMES.map((name) => ({ name, run: async () => ({ ok: true }) }));
  const parts: EngineDeps = {
    db,
    dispatcher: createInProcessDispatcher(),
    registry: new Registry([definePipeline({ name: BARE_PIPELINE, version: 1, documentStages: stages })]),
    fileRoots: [path.join(tmpdir(), "headway-bench-none")],
    networks: createNetworks([]),
    s3Sources: [],
    webhookHosts: [],
    maxDocumentBytes: 1_000,
    cancelDeadlineMs: 15_000,
    sweepMs: 5_000,
    retentionDays: null,
    onError: (error, doing) => console.error(`${doing}: ${String(error)}`),
  };
  return {
    async collectionOf(documents) {
      const collectionId = await createCollection(parts, ACTOR, { name: randomUUID() });
      for (let first = 0; first < documents; first += 1_000) {
        const length = Math.min(1_000, documents - first);
        const batch = Array.from({ length }, (_, n) => ({ name: `d${first + n}`, text: "x" }));
        await addDocuments(parts, ACTOR, { collectionId, documents: batch });
      }
      return collectionId;
    },
    async submit(collectionId) {
      const { jobId } = await submitJob(parts, ACTOR, { collectionId, pipeline: BARE_PIPELINE });
      return jobId;
    },
    async close() {
      await db.destroy();
    },
  };
}
