import type { MigrationInterface, QueryRunner } from "typeorm";

/** In its order: what this migration runs. */
export const ACCESS = [
  `
create table api_key (
  id uuid primary key,
  project_id uuid not null references project,
  name text not null,
  role text not null check (role in ('VIEWER', 'OPERATOR', 'ADMIN')),
  -- SHA-256 of the secret part, which is random: nothing that a slow hash would protect.
  secret_hash bytea not null check (length(secret_hash) = 32),
  -- A key for browsers sees one collection, or one job, and nothing else.
  collection_id uuid references collection,
  job_id uuid references job,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  check (job_id is null or collection_id is not null)
);
create index api_key_newest on api_key (project_id, created_at desc, id desc);

-- Workers serve every project: what they are free for does not depend on whose work it is.
create or replace function stuck_jobs(p_project uuid, p_sweep_ms int) returns setof uuid language sql stable rows 20 as $$
  select job_id from task
  where project_id = p_project and status = 'RUNNING'
    and lease_expires_at < clock_timestamp() - make_interval(secs => p_sweep_ms / 1000.0)
  union
  select j.id from job j
  where j.project_id = p_project and j.status in ('QUEUED', 'PROCESSING', 'CANCELLING')
    and j.pipeline = any (array(
      select unnest(w.pipelines) from worker_now w where w.status = 'RUNNING' and w.free > 0))
    and not exists (select from pipeline_pause p where p.project_id = j.project_id and p.pipeline = j.pipeline)
    and exists (
      select from task t
      where t.job_id = j.id and t.status = 'QUEUED' and t.run_at < clock_timestamp() - interval '60 s')
$$;
`,
];

/** API keys. Works beside the build before it, which asks for none. */
export class Access1764400000000 implements MigrationInterface {
  readonly name = "Access1764400000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of ACCESS) await runner.query(sql);
  }

  async down(): Promise<void> {
    throw new Error("This migration has no way back: restore a backup from before it instead.");
  }
}
