import "reflect-metadata";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { tmpdir } from "node:os";
import pg from "pg";
import { createDataSource } from "../../src/database/data-source.js";
import { migrate } from "../../src/database/migrate.js";
import { createInProcessDispatcher } from "../../src/dispatch/in-process.js";
import { addDocuments, createCollection } from "../../src/engine/collection/collections.js";
import type { Actor, EngineDeps } from "../../src/engine/engine.js";
import { createNetworks } from "../../src/sources/networks.js";
import { submitJob } from "../../src/engine/submit/submit.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { Registry } from "../../src/pipelines/registry.js";
import { STAGES, type Peer } from "./peer.js";

const ACTOR: Actor = { type: "USER", name: "bench", projectId: "00000000-0000-7000-8000-000000000001" };
const A_STATEMENT = 200;
const NAMES = Array.from({ length: STAGES }, (_, n) => `s${n + 1}`);

const CLAIM = `update headway.task set status = 'RUNNING', version = version + 1, change_id = $2, changed_by_type = 'WORKER',
  changed_by = 'bench', change_reason = 'CLAIMED', fence = fence + 1, worker_id = $3,
  lease_expires_at = clock_timestamp() + interval '30 s', started_at = clock_timestamp() where id = any ($1)`;
const NEXT = `with changed as (
    update headway.task set stage = $4, version = version + 1, change_id = $2, change_reason = 'STAGE_STARTED', attempt = 1
    where id = any ($1) returning id, project_id, fence)
  insert into headway.stage_output (task_id, project_id, stage, fence, output)
  select id, project_id, $3, fence, '{"ok": true}' from changed`;
const COMPLETE = `with changed as (
    update headway.task set status = 'COMPLETED', stage = null, version = version + 1, change_id = $2, change_reason = 'COMPLETED',
      worker_id = null, lease_expires_at = null, finished_at = clock_timestamp(), progress = 1
    where id = any ($1) returning id, project_id, fence)
  insert into headway.stage_output (task_id, project_id, stage, fence, output)
  select id, project_id, $3, fence, '{"ok": true}' from changed`;

/**
 * What the database could do for ours: the same submission, the same changes through the same triggers, the same kept
 * outputs, in statements of 200 on one connection, with no worker, no queue, no lease to look after and no hand-over.
 */
export const peer: Peer = {
  async start({ databaseUrl }) {
    await migrate(databaseUrl);
    const db = await createDataSource(databaseUrl).initialize();
    const stages = NAMES.map((name) => ({ name, run: async () => ({ ok: true }) }));
    const deps: EngineDeps = {
      db,
      dispatcher: createInProcessDispatcher(),
      registry: new Registry([definePipeline({ name: "limit", version: 1, documentStages: stages })]),
      fileRoots: [path.join(tmpdir(), "headway-bench-none")],
      networks: createNetworks([]),
      s3Sources: [],
      maxDocumentBytes: 1_000,
      cancelDeadlineMs: 15_000,
      sweepMs: 5_000,
      retentionDays: null,
      onError: () => {},
    };
    const sql = new pg.Client({ connectionString: databaseUrl });
    await sql.connect();
    // As record_changes has it.
    await sql.query("set plan_cache_mode = force_generic_plan; set enable_seqscan = off");
    return {
      async round(documents) {
        const collectionId = await createCollection(deps, ACTOR, { name: randomUUID() });
        for (let first = 0; first < documents; first += 1_000) {
          const length = Math.min(1_000, documents - first);
          const batch = Array.from({ length }, (_, n) => ({ name: `d${first + n}`, text: "x" }));
          await addDocuments(deps, ACTOR, { collectionId, documents: batch });
        }
        const startedAt = performance.now();
        const { jobId } = await submitJob(deps, ACTOR, { collectionId, pipeline: "limit" });
        const { rows } = await sql.query<{ id: string }>(
          "select id from headway.task where job_id = $1 order by ordinal",
          [jobId],
        );
        for (let first = 0; first < rows.length; first += A_STATEMENT) {
          const ids = rows.slice(first, first + A_STATEMENT).map(({ id }) => id);
          await sql.query({ name: "claim", text: CLAIM, values: [ids, randomUUID(), randomUUID()] });
          for (const [place, stage] of NAMES.entries()) {
            const next = NAMES[place + 1];
            const values = [ids, randomUUID(), stage];
            if (next) await sql.query({ name: "next", text: NEXT, values: [...values, next] });
            else await sql.query({ name: "complete", text: COMPLETE, values });
          }
        }
        return performance.now() - startedAt;
      },
      async stop() {
        await sql.end();
        await db.destroy();
      },
    };
  },
};
