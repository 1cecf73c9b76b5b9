import type { Read } from "./task-logs.js";

/** Larger ones are not in an answer, and are downloaded. */
const MAX_VALUE_BYTES = 65_536;
const PREVIEW_CHARACTERS = 500;

/** What is kept of a stage's output, without an address. */
export interface KeptOutput {
  readonly taskId: string;
  readonly stage: string;
  /** Of the claim that made it. */
  readonly fence: string;
  readonly sizeBytes: number;
  readonly value: unknown;
  readonly preview: string;
}

/** The outputs of tasks, of each stage the one that stands. */
export async function outputsOfTasks(
  read: Read,
  projectId: string,
  taskIds: readonly string[],
): Promise<readonly KeptOutput[]> {
  return read<KeptOutput>(
    `select o.task_id as "taskId", o.stage, o.fence::text as fence, octet_length(x.json) as "sizeBytes",
       case when octet_length(x.json) <= ${MAX_VALUE_BYTES} then o.output end as value,
       left(x.json, ${PREVIEW_CHARACTERS}) as preview
     from headway.stage_output o cross join lateral (select coalesce(o.output::text, 'null') as json offset 0) x
     where o.task_id = any ($1::uuid[]) and o.project_id = $2`,
    [taskIds, projectId],
  );
}
