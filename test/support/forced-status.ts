/**
 * For tests that force a status on a task, past its triggers: makes as if each stage of each job had nine tasks ready, so
 * that what is ready does not come below none when that task moves on.
 */
export async function makeRoomInReady(manager: { query(sql: string): Promise<unknown> }): Promise<void> {
  await manager.query(
    `insert into headway.ready_stage (job_id, stage, project_id, pipeline, pipeline_version, priority, ready)
     select id, stage, project_id, pipeline, pipeline_version, priority, 9
     from headway.job cross join lateral unnest(document_stages || collection_stages) stage
     on conflict (job_id, stage) do update set ready = excluded.ready`,
  );
}
