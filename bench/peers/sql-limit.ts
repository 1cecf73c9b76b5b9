import { randomUUID } from "node:crypto";
import pg from "pg";
import { openBareJobs, STAGE_NAMES } from "./bare-job.js";
import type { Peer } from "./peer.js";

const A_STATEMENT = 200;

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
    const jobs = await openBareJobs(databaseUrl);
    const sql = new pg.Client({ connectionString: databaseUrl });
    await sql.connect();
    // As record_changes has it.
    await sql.query("set plan_cache_mode = force_generic_plan; set enable_seqscan = off");
    return {
      async round(documents) {
        const collectionId = await jobs.collectionOf(documents);
        const startedAt = performance.now();
        const jobId = await jobs.submit(collectionId);
        const { rows } = await sql.query<{ id: string }>(
          "select id from headway.task where job_id = $1 order by ordinal",
          [jobId],
        );
        for (let first = 0; first < rows.length; first += A_STATEMENT) {
          const ids = rows.slice(first, first + A_STATEMENT).map(({ id }) => id);
          await sql.query({ name: "claim", text: CLAIM, values: [ids, randomUUID(), randomUUID()] });
          for (const [place, stage] of STAGE_NAMES.entries()) {
            const next = STAGE_NAMES[place + 1];
            const values = [ids, randomUUID(), stage];
            if (next) await sql.query({ name: "next", text: NEXT, values: [...values, next] });
            else await sql.query({ name: "complete", text: COMPLETE, values });
          }
        }
        return performance.now() - startedAt;
      },
      async stop() {
        await sql.end();
        await jobs.close();
      },
    };
  },
};
