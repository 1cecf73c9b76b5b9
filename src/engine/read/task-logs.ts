import { BadInput } from "../../errors.js";
import type { LogEntry } from "../../model/log-entry.js";
import { STAGE_LOG_LEVELS } from "../../model/log-levels.js";

export type LogLevelName = (typeof STAGE_LOG_LEVELS)[number];

/** Which lines, and how many at most. */
export interface LogsAsked {
  readonly after: string | null;
  readonly first: number;
  readonly minLevel: LogLevelName | null;
}

export type Read = <Row extends object>(sql: string, parameters: readonly unknown[]) => Promise<Row[]>;

interface Row extends Omit<LogEntry, "level" | "cursor"> {
  readonly taskId: string;
  readonly fence: string;
  readonly seq: number;
  readonly level: number;
}

/** Each task's lines in the order in which they were written, one more than asked. @throws {BadInput} on a cursor that is none */
export async function readLogs(
  read: Read,
  projectId: string,
  taskIds: readonly string[],
  { after, first, minLevel }: LogsAsked,
): Promise<ReadonlyMap<string, readonly LogEntry[]>> {
  const [fence, seq] = after === null ? ["0", "0"] : placeIn(after);
  const rows = await read<Row>(
    `select l.* from unnest($1::uuid[]) with ordinality as p(id, place) cross join lateral (
       select g.task_id as "taskId", g.fence::text as fence, g.seq, g.at, g.level, g.stage, g.attempt, g.message, g.fields
       from headway.task_log g
       where g.task_id = p.id and g.project_id = $2 and g.level >= $3 and (g.fence, g.seq) > ($4::bigint, $5::bigint)
       order by g.fence, g.seq limit $6) l`,
    [taskIds, projectId, minLevel === null ? 1 : STAGE_LOG_LEVELS.indexOf(minLevel) + 1, fence, seq, first + 1],
  );
  const byTask = new Map<string, LogEntry[]>(taskIds.map((id) => [id, []]));
  for (const { taskId, fence: claim, seq: place, level, ...line } of rows) {
    byTask.get(taskId)!.push({ ...line, level: STAGE_LOG_LEVELS[level - 1]!, cursor: cursorAt(claim, place) });
  }
  return byTask;
}

/** How many lines of each task are not kept any more, or never were. */
export async function droppedLines(read: Read, projectId: string, taskIds: readonly string[]): Promise<number[]> {
  const rows = await read<{ id: string; dropped: number }>(
    `select task_id as id, (written - lines)::int as dropped from headway.task_log_count
     where task_id = any ($1::uuid[]) and project_id = $2`,
    [taskIds, projectId],
  );
  const byTask = new Map(rows.map(({ id, dropped }) => [id, dropped]));
  return taskIds.map((id) => byTask.get(id) ?? 0);
}

function cursorAt(fence: string, seq: number): string {
  return Buffer.from(`log ${fence} ${seq}`).toString("base64url");
}

/** @throws {BadInput} */
function placeIn(cursor: string): [fence: string, seq: string] {
  const [, fence, seq] = /^log (\d{1,18}) (\d{1,9})$/.exec(Buffer.from(cursor, "base64url").toString("utf8")) ?? [];
  if (fence !== undefined && seq !== undefined) return [fence, seq];
  throw new BadInput(`after: "${cursor.slice(0, 100)}" is not a cursor of a log; take one from its edges.`, {
    field: "after",
  });
}
