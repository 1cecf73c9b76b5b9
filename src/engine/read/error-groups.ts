import type { DataSource } from "typeorm";

/** Failed tasks of one code at one stage. */
export interface FailedTasks {
  readonly jobId: string;
  readonly code: string;
  readonly stage: string | null;
  readonly count: number;
  readonly retryable: boolean;
  /** The first five, in document order. */
  readonly sampleTaskIds: string[];
}

const MAX_GROUPS = 100;

/** What has failed of these jobs as they stand now, the most frequent first, at most 100 of each job; from its counters. */
export function errorGroups(db: Pick<DataSource, "query">, jobIds: readonly string[]): Promise<FailedTasks[]> {
  return db.query(
    `select e.job_id as "jobId", e.code, nullif(e.stage, '') as stage, e.failed as count, e.retryable > 0 as retryable,
       coalesce(s.ids, '{}') as "sampleTaskIds"
     from unnest($1::uuid[]) as j(id)
     cross join lateral (
       select * from headway.error_count where job_id = j.id and failed > 0
       order by failed desc, code, stage limit ${MAX_GROUPS}) e
     cross join lateral (
       select array_agg(f.id order by f.ordinal) as ids from (
         select t.id, t.ordinal from headway.task t
         where t.job_id = e.job_id and t.error_code = e.code and t.status = 'FAILED' and coalesce(t.error_stage, '') = e.stage
         order by t.ordinal limit 5) f) s
     order by e.job_id, e.failed desc, e.code, e.stage`,
    [jobIds],
  );
}
