import { PROJECT } from "./engine.js";

/** Jobs that are open, each in a collection of its own, with so many QUEUED tasks each. */
export interface OpenJobs {
  readonly jobs: number;
  readonly tasks: number;
  readonly pipeline: string;
  /** Of the stages a and b the one they wait at; a if it is not given. */
  readonly stage?: "a" | "b";
  readonly priority?: number;
  /** When they are due, as SQL; a second ago if it is not given. */
  readonly runAt?: string;
  /** Whether no claim has seen yet that they are due later. */
  readonly looksDue?: boolean;
}

/** The statements that fill a database with them, for a session past its triggers. What is written so has no history. */
export function openJobs({ jobs, tasks, pipeline, stage = "a", priority = 0, ...when }: OpenJobs): string[] {
  const { runAt = "now() - interval '1 s'", looksDue = when.runAt === undefined } = when;
  const by = "gen_random_uuid(), 'USER', 'filler', 'SUBMITTED'";
  return [
    `with collections as (
       insert into headway.collection (id, project_id, name, status, change_id, changed_by_type, changed_by, change_reason)
       select gen_random_uuid(), '${PROJECT}', gen_random_uuid(), 'PROCESSING', ${by} from generate_series(1, ${jobs}) returning id
     ), jobs as (
       insert into headway.job (id, project_id, collection_id, pipeline, pipeline_version, document_stages, collection_stages,
         priority, status, total, queued, change_id, changed_by_type, changed_by, change_reason)
       select gen_random_uuid(), '${PROJECT}', id, '${pipeline}', 1, '{a,b}', '{}', ${priority}, 'QUEUED', ${tasks}, ${tasks}, ${by}
       from collections returning id, collection_id
     ), counts as (
       insert into headway.stage_count (job_id, project_id, stage, queued)
       select id, '${PROJECT}', s, case s when '${stage}' then ${tasks} else 0 end from jobs, unnest('{a,b}'::text[]) s
     ), tasks as (
       insert into headway.task (id, project_id, collection_id, job_id, kind, ordinal, pipeline, priority, status, stage, run_at,
         change_id, changed_by_type, changed_by, change_reason)
       select gen_random_uuid(), '${PROJECT}', collection_id, id, 'DOCUMENT', n, '${pipeline}', ${priority}, 'QUEUED', '${stage}',
         ${runAt}, ${by} from jobs, generate_series(1, ${tasks}) n
     )
     insert into headway.ready_stage (job_id, stage, project_id, pipeline, pipeline_version, priority, ready, not_before)
     select id, '${stage}', '${PROJECT}', '${pipeline}', 1, ${priority}, ${tasks}, ${looksDue ? "null" : runAt} from jobs`,
    "analyze",
  ];
}
