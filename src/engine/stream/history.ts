import type { DataSource, EntityManager } from "typeorm";
import { encodeCursor } from "./cursor.js";
import type { StatusChange } from "../../model/status-change.js";
import { changeId } from "./change-id.js";
import type { Scope } from "./scope.js";

/** The columns of a change under their names in the API, for any statement that reads `status_change` as `s`. */
export const CHANGE_COLUMNS = `s.position::text as position, s.tx::text as tx, s.project_id as "projectId",
  s.entity_type as "entityType", s.entity_id as "entityId", s.collection_id as "collectionId", s.job_id as "jobId",
  s.task_id as "taskId", s.version, s.from_status as "fromStatus", s.to_status as "toStatus",
  s.from_stage as "fromStage", s.to_stage as "toStage", s.run, s.attempt, s.fence::text as fence,
  s.actor_type as "actorType", s.actor, s.reason, s.message, s.at`;

/** The uuid in every cursor as one more column, so that a page of changes is one statement. */
export const DATABASE_ID = `(select id from headway.database_identity) as "databaseId"`;

/** A change as the database gives it; its id is made of its place, and its cursor depends on the scope it is read in. */
export type ChangeRow = Omit<StatusChange, "id" | "cursor">;

/** The uuid in every cursor; constant while the database stays where it is. */
export async function readDatabaseId(db: DataSource | EntityManager): Promise<string> {
  const rows: { id: string }[] = await db.query("select id from headway.database_identity");
  return rows[0]!.id;
}

/** The row with its cursor, of the kind of the scope it was read in. */
export function withCursor(row: ChangeRow, kind: "collection" | "project", databaseId: string): StatusChange {
  const { position, tx } = row;
  return {
    ...row,
    id: changeId(row),
    cursor: encodeCursor(kind === "collection" ? { databaseId, kind, position } : { databaseId, kind, tx, position }),
  };
}

/** The next changes of one scope behind a place, at most `limit`, in the order of the stream. */
export async function changesAfter(
  db: DataSource,
  scope: Scope,
  after: { readonly tx?: string; readonly position: string },
  limit: number,
): Promise<ChangeRow[]> {
  if (scope.kind === "project") {
    // Below the oldest transaction still open nothing can come late; the open ones hold the stream back.
    return db.query(
      `select ${CHANGE_COLUMNS} from headway.status_change s
       where s.project_id = $1 and (s.tx, s.position) > ($2::xid8, $3::bigint)
         and s.tx < pg_snapshot_xmin(pg_current_snapshot())
       order by s.tx, s.position limit $4`,
      [scope.projectId, after.tx, after.position, limit],
    );
  }
  const [condition, id] = conditionOf(scope);
  return db.query(
    `select ${CHANGE_COLUMNS} from headway.status_change s where ${condition} and s.project_id = $2 and s.position > $3
     order by s.position limit $4`,
    [id, scope.projectId, after.position, limit],
  );
}

/** For statements that read `status_change` as `s`: the changes of one job, that of its tasks and its own. */
export const ofJob = (place: string): string =>
  `s.job_id = ${place} and s.collection_id = (select collection_id from headway.job where id = ${place})
   and s.position between headway.first_position(${place}) and headway.last_position(${place})`;

function conditionOf(scope: Exclude<Scope, { kind: "project" }>): [string, string] {
  if (scope.kind === "collection") return ["s.collection_id = $1", scope.collectionId];
  if (scope.kind === "job") return [ofJob("$1"), scope.jobId];
  // A task's own rows are found by its unique (entity_id, version).
  return ["s.entity_id = $1", scope.taskId];
}

/** Whether a change of the scope's collection belongs to the scope. */
export function isInScope(row: ChangeRow, scope: Scope): boolean {
  if (scope.kind === "project") return row.projectId === scope.projectId;
  if (row.projectId !== scope.projectId || row.collectionId !== scope.collectionId) return false;
  if (scope.kind === "job") return row.jobId === scope.jobId;
  return scope.kind === "collection" || row.taskId === scope.taskId;
}
