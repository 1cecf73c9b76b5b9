import type pg from "pg";
import { PROJECT } from "../test/support/engine.js";
import { withClient } from "./servers.js";

/** Which rows a filled database has, and where its lists are long enough to have a thousandth page. */
export interface Filled {
  readonly jobs: number;
  readonly tasks: number;
  readonly changes: number;
  /** Values for the variables of bench/b4.graphql. */
  readonly variables: Readonly<Record<string, string>>;
}

const TASKS_A_JOB = 20;
/** What is open at a time hangs on workers, and not on how much has been done before. */
const OPEN_JOBS = 900;
/** One collection that has been processed again and again, and one job of many documents, of which a quarter failed. */
const JOBS_OF_ONE = 6_000;
const TASKS_OF_ONE = 24_000;
const WORKERS = 8;
const DAYS = 300;
const STAGES = { version: 1, stages: { a: 3, b: 3, c: 3, d: 3 } };
const SERVES = JSON.stringify({ documents: STAGES, expenses: STAGES });

const CHANGED = "gen_random_uuid(), 'USER', 'filler', 'SUBMITTED'";
const NOUNS = { collection: 1, job: 2, task: 3, worker: 4, document: 5 } as const;

/** Ids run on as those of version 7 do, so that rows lie in the tables and indexes as they would. */
const idOf = (noun: keyof typeof NOUNS, n: string): string =>
  `('0000000${NOUNS[noun]}-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
const uuidOf = (noun: keyof typeof NOUNS, n: number): string =>
  `0000000${NOUNS[noun]}-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;

/**
 * Fills a migrated, empty database as a restore does, past its triggers and with its indexes made afterwards: `jobs` jobs
 * of 20 tasks of 6 changes each, a tenth as many collections, 900 open jobs and one of 24,000 tasks. Of the settled, one
 * job in 20 has failed, and in one in 20 one task has. Nothing checks what is written so; it is there to be read.
 * @param superuserUrl who may set triggers aside
 * @param jobs at least 10,000
 */
export async function fillLists(superuserUrl: string, jobs: number): Promise<Filled> {
  const at = (n: string): string =>
    `timestamptz '2026-01-01' + make_interval(secs => ${n} * ${(DAYS * 86_400) / jobs})`;
  const collections = jobs / 10;
  await withClient(superuserUrl, async (db) => {
    await db.query("set session_replication_role = replica; set synchronous_commit = off");
    await db.query("set maintenance_work_mem = '512MB'");
    await db.query(
      `insert into headway.collection (id, project_id, name, status, metadata, created_at, status_changed_at, version, change_id,
         changed_by_type, changed_by, change_reason)
       select ${idOf("collection", "n")}, '${PROJECT}', 'collection ' || n,
         case when n = 2 or n > ${collections - OPEN_JOBS} then 'PROCESSING' else 'COMPLETED' end,
         jsonb_build_object('n', n), ${at("n")}, ${at("n")}, 1, ${CHANGED} from generate_series(1, ${collections}) n`,
    );
    await db.query(
      `insert into headway.document (id, project_id, collection_id, name, media_type, size_bytes, created_at)
       select ${idOf("document", "n * 32768 + t")}, '${PROJECT}', ${idOf("collection", "n")}, 'd' || t, 'text/plain', 1, ${at("n")}
       from generate_series(1, ${collections}) n
       cross join lateral generate_series(1, case n when 2 then ${TASKS_OF_ONE} else ${TASKS_A_JOB} end) t`,
    );
    // The last jobs are open, each in a collection of its own, for a collection has at most one that is.
    await db.query(
      `insert into headway.job (id, project_id, collection_id, pipeline, pipeline_version, document_stages, collection_stages, tags,
         priority, status, total, queued, running, completed, failed, version, created_at, status_changed_at, started_at,
         finished_at, change_id, changed_by_type, changed_by, change_reason)
       select ${idOf("job", "n")}, '${PROJECT}', ${idOf("collection", "c")},
         case when n % 4 = 0 then 'expenses' else 'documents' end, 1, '{a,b,c,d}', '{}',
         case when n % 3 = 0 then array['customer-' || n % 500] else array['nightly', 'customer-' || n % 500] end, n % 5,
         case when n = ${JOBS_OF_ONE + 1} or open then 'PROCESSING' when n % 20 = 0 then 'FAILED'
           when n % 20 = 1 then 'COMPLETED_WITH_ERRORS' else 'COMPLETED' end,
         ${TASKS_A_JOB}, case when open then 16 else 0 end, case when open then 4 else 0 end,
         case when open or n % 20 = 0 then 0 when n % 20 = 1 then 19 else 20 end,
         case when open then 0 when n % 20 = 0 then 20 when n % 20 = 1 then 1 else 0 end, 3,
         ${at("n")}, ${at("n")} + interval '5 min', ${at("n")},
         case when not open and n <> ${JOBS_OF_ONE + 1} then ${at("n")} + interval '5 min' end, ${CHANGED}
       from (
         select n, n > ${jobs - OPEN_JOBS} as open, case when n <= ${JOBS_OF_ONE} then 1 when n = ${JOBS_OF_ONE + 1} then 2
           when n > ${jobs - OPEN_JOBS} then ${collections} - ${jobs} + n else 3 + n % ${collections - OPEN_JOBS - 2} end as c
         from generate_series(1, ${jobs}) n) n`,
    );
    await db.query(
      `update headway.job set total = ${TASKS_OF_ONE}, queued = ${TASKS_OF_ONE / 4}, failed = ${TASKS_OF_ONE / 4},
         completed = ${TASKS_OF_ONE / 2} where id = ${idOf("job", String(JOBS_OF_ONE + 1))}`,
    );
    await db.query(
      `insert into headway.stage_count (job_id, project_id, stage, queued, running, completed)
       select id, project_id, s, case s when 'a' then queued else 0 end, case s when 'b' then running else 0 end,
         case when s = 'a' or finished_at is not null then completed else 0 end from headway.job, unnest(document_stages) s`,
    );
    // Leases in fifty open jobs have passed long ago; nobody sweeps while it is looked at.
    await withoutIndexes(db, "headway.task", () =>
      db.query(
        `insert into headway.task (id, project_id, collection_id, job_id, kind, document_id, document_name, ordinal, pipeline, status,
           stage, worker_id, lease_expires_at, run_at, finished_at, error_code, error_message, error_stage, version, fence,
           created_at, status_changed_at, change_id, changed_by_type, changed_by, change_reason)
         select ${idOf("task", "n.n * 32768 + t")}, '${PROJECT}', n.collection_id, n.id, 'DOCUMENT',
           (left(n.collection_id::text, 7) || '5' || '-0000-7000-8000-'
             || lpad(to_hex(('x' || right(n.collection_id::text, 12))::bit(48)::bigint * 32768 + t), 12, '0'))::uuid,
           'd' || t, t, n.pipeline, s.status,
           case s.status when 'QUEUED' then 'a' when 'COMPLETED' then null else 'b' end,
           case s.status when 'RUNNING' then ${idOf("worker", `1 + n.n % ${WORKERS}`)} end,
           case s.status when 'RUNNING' then now() + case when n.n % 18 = 0 and t = 1 then interval '-1 hour' else interval '1 day' end end,
           n.created_at, case when s.status in ('COMPLETED', 'FAILED') then n.status_changed_at end,
           case s.status when 'FAILED' then 'HANDLER_ERROR' end, case s.status when 'FAILED' then 'It could not be read.' end,
           case s.status when 'FAILED' then 'b' end,
           case s.status when 'QUEUED' then 1 when 'RUNNING' then 3 else 6 end, 1, n.created_at, n.status_changed_at, ${CHANGED}
         from (select *, ('x' || right(id::text, 12))::bit(48)::bigint as n from headway.job order by id) n
         cross join lateral generate_series(1, n.total) t
         cross join lateral (select case
           when n.n = ${JOBS_OF_ONE + 1} then (array['FAILED', 'QUEUED', 'COMPLETED', 'COMPLETED'])[1 + t % 4]
           when n.status = 'PROCESSING' then case when t <= 4 then 'RUNNING' else 'QUEUED' end
           when n.status = 'FAILED' or (n.status = 'COMPLETED_WITH_ERRORS' and t = 1) then 'FAILED'
           else 'COMPLETED' end as status) s`,
      ),
    );
    await db.query(
      `insert into headway.ready_stage (job_id, stage, project_id, pipeline, pipeline_version, priority, ready)
       select j.id, t.stage, j.project_id, j.pipeline, j.pipeline_version, j.priority, count(*)
       from headway.task t join headway.job j on j.id = t.job_id where t.status = 'QUEUED' group by j.id, t.stage`,
    );
    await withoutIndexes(db, "headway.status_change", () =>
      db.query(
        `insert into headway.status_change (tx, project_id, entity_type, entity_id, collection_id, job_id, task_id, version, from_status,
           to_status, to_stage, run, attempt, actor_type, actor, reason, change_id, at)
         select '3'::xid8, project_id, 'TASK', id, collection_id, job_id, id, v,
           case v when 1 then null when 2 then 'QUEUED' else 'RUNNING' end,
           case v when 1 then 'QUEUED' when 6 then status else 'RUNNING' end, substr('aabcd', v, 1), 1, 1, 'WORKER', 'worker:1',
           (array['SUBMITTED', 'CLAIMED', 'STAGE_STARTED', 'STAGE_STARTED', 'STAGE_STARTED', 'COMPLETED'])[v],
           gen_random_uuid(), created_at + make_interval(secs => v)
         from headway.task cross join lateral generate_series(1, version) v
         union all
         select '3'::xid8, project_id, 'JOB', id, collection_id, id, null, v, case v when 1 then null when 2 then 'QUEUED' else 'PROCESSING' end,
           case v when 1 then 'QUEUED' when 2 then 'PROCESSING' else status end, null, 1, null, 'USER', 'filler',
           (array['SUBMITTED', 'STARTED', 'COMPLETED'])[v], gen_random_uuid(), created_at from headway.job, generate_series(1, 3) v
         union all
         select '3'::xid8, project_id, 'COLLECTION', id, id, null, null, 1, null, status, null, null, null, 'USER', 'filler', 'CREATED',
           gen_random_uuid(), created_at from headway.collection`,
      ),
    );
    await db.query(
      `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, running, lease_ms, loop_iterations,
         heartbeat_at, last_loop_at, serves)
       select ${idOf("worker", "n")}, '${PROJECT}', 'host', n, '1', '{documents,expenses}', 450, 450, 30000, 1,
         now() + interval '1 day', now() + interval '1 day', '${SERVES}' from generate_series(1, ${WORKERS}) n`,
    );
    await db.query("vacuum (analyze)");
  });
  const day = (share: number): string => new Date(Date.UTC(2026, 0, 1) + share * DAYS * 86_400_000).toISOString();
  return withClient(superuserUrl, async (db) => {
    const { rows } = await db.query(
      `select (select count(*)::int from headway.job) as jobs, (select count(*)::int from headway.task) as tasks,
         (select count(*)::int from headway.status_change) as changes`,
    );
    return {
      ...(rows[0] as Pick<Filled, "jobs" | "tasks" | "changes">),
      variables: {
        job: uuidOf("job", JOBS_OF_ONE + 1),
        collection: uuidOf("collection", 1),
        worker: uuidOf("worker", 3),
        createdAfter: day(0.2),
        createdBefore: day(0.8),
      },
    };
  });
}

/** Takes the table's indexes away while `work` fills it, where nothing refers to them: one sort each in place of a search a row. */
export async function withoutIndexes(db: pg.Client, table: string, work: () => Promise<unknown>): Promise<void> {
  const { rows: constraints } = await db.query<{ name: string; definition: string }>(
    `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint c
     where conrelid = $1::regclass and contype in ('p', 'u')
       and not exists (select from pg_constraint f where f.contype = 'f' and f.conindid = c.conindid)`,
    [table],
  );
  const { rows: indexes } = await db.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index i
     where indrelid = $1::regclass and not exists (select from pg_constraint c where c.conindid = i.indexrelid)`,
    [table],
  );
  for (const { name } of constraints) await db.query(`alter table ${table} drop constraint ${name}`);
  for (const { name } of indexes) await db.query(`drop index ${name}`);
  await work();
  for (const { name, definition } of constraints)
    await db.query(`alter table ${table} add constraint ${name} ${definition}`);
  for (const { definition } of indexes) await db.query(definition);
}
