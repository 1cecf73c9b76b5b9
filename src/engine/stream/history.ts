import type { DataSource, EntityManager } from "typeorm";
import type { StatusChange } from "../../model/status-change.js";
import { changeId } from "./change-id.js";
import { markIn } from "./cursor.js";
import { cursorAt, positionOf, type Position } from "./position.js";
import type { Scope } from "./scope.js";

/** The columns of a change under their names in the API, for any statement that reads `status_change` as `s`. */
export const CHANGE_COLUMNS = `s.position::text as position, s.tx::text as tx, s.project_id as "projectId",
  s.entity_type as "entityType", s.entity_id as "entityId", s.collection_id as "collectionId", s.job_id as "jobId",
  s.task_id as "taskId", s.version, s.from_status as "fromStatus", s.to_status as "toStatus",
  s.from_stage as "fromStage", s.to_stage as "toStage", s.run, s.attempt, s.fence::text as fence,
  s.actor_type as "actorType", s.actor, s.reason, s.message, s.at,
  ${markIn("s")} as mark`;

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
  return { ...row, id: changeId(row), cursor: cursorAt(kind, positionOf(kind, row), databaseId) };
}

/**
 * Whether the change that a place of the collection w.id stands at is still there, w being (id, position, change). After
 * a restore the history goes on with other changes at the same positions.
 */
export const STANDS_IN_COLLECTION = `(w.position = 0 or exists (
  select from headway.status_change h
  where h.collection_id = w.id and h.position = w.position and ${markIn("h")} = w.change))`;

/** The same of a project, w being (id, tx, position, change). */
export const STANDS_IN_PROJECT = `(w.position = 0 or exists (
  select from headway.status_change h
  where h.project_id = w.id and h.tx = w.tx and h.position = w.position and ${markIn("h")} = w.change))`;

/** Whether a place is one of this history: the stream can go on from there. */
export async function stands(db: DataSource, scope: Scope, place: Position): Promise<boolean> {
  const rows: { stands: boolean }[] =
    scope.kind === "project"
      ? await db.query(
          `select ${STANDS_IN_PROJECT} as stands
           from (select $1::uuid, $2::xid8, $3::bigint, $4::text) as w(id, tx, position, change)`,
          [scope.projectId, place.tx ?? "0", place.position, place.change],
        )
      : await db.query(
          `select ${STANDS_IN_COLLECTION} as stands
           from (select $1::uuid, $2::bigint, $3::text) as w(id, position, change)`,
          [scope.collectionId, place.position, place.change],
        );
  return rows[0]!.stands;
}

/** The place behind all that has been committed, in the order of the stream. */
export async function headOf(db: DataSource, scope: Scope): Promise<Position> {
  // Below the oldest transaction still open nothing can come late.
  const rows: Position[] =
    scope.kind === "project"
      ? await db.query(
          `select tx::text as tx, position::text as position, ${markIn("s")} as change from headway.status_change s
           where s.project_id = $1 and s.tx < pg_snapshot_xmin(pg_current_snapshot())
           order by s.tx desc, s.position desc limit 1`,
          [scope.projectId],
        )
      : await db.query(
          `select position::text as position, ${markIn("s")} as change from headway.status_change s
           where s.collection_id = $1 order by s.position desc limit 1`,
          [scope.collectionId],
        );
  return rows[0] ?? { tx: "0", position: "0", change: null };
}

/**
 * The next changes of one scope behind a place, at most `limit`, in the order of the stream. None, too, where the place
 * is no longer one of this history.
 */
export async function changesAfter(db: DataSource, scope: Scope, after: Position, limit: number): Promise<ChangeRow[]> {
  if (scope.kind === "project") {
    // Below the oldest transaction still open nothing can come late; the open ones hold the stream back.
    return db.query(
      `select ${CHANGE_COLUMNS} from headway.status_change s
       where s.project_id = $1 and (s.tx, s.position) > ($2::xid8, $3::bigint)
         and s.tx < pg_snapshot_xmin(pg_current_snapshot())
         and (select ${STANDS_IN_PROJECT} from (select $1::uuid, $2::xid8, $3::bigint, $5::text) as w(id, tx, position, change))
       order by s.tx, s.position limit $4`,
      [scope.projectId, after.tx ?? "0", after.position, limit, after.change],
    );
  }
  const [condition, id] = conditionOf(scope);
  return db.query(
    `select ${CHANGE_COLUMNS} from headway.status_change s
     where ${condition} and s.project_id = $2 and s.position > $3::bigint
       and (select ${STANDS_IN_COLLECTION} from (select $5::uuid, $3::bigint, $6::text) as w(id, position, change))
     order by s.position limit $4`,
    [id, scope.projectId, after.position, limit, scope.collectionId, after.change],
  );
}

/**
 * For statements that read `status_change` as `s`: the changes of one job of a project, that of its tasks and its own. Of
 * a job of another project nothing is looked up but that, as of an unknown one: otherwise the time would tell them apart.
 */
export function ofJob(job: string, project: string): string {
  const column = (name: string): string =>
    `(select ${name} from headway.job where id = ${job} and project_id = ${project})`;
  return `s.job_id = ${job} and s.collection_id = ${column("collection_id")}
   and s.position between headway.first_position(${column("id")}) and headway.last_position(${column("id")})`;
}

function conditionOf(scope: Exclude<Scope, { kind: "project" }>): [string, string] {
  if (scope.kind === "collection") return ["s.collection_id = $1", scope.collectionId];
  if (scope.kind === "job") return [ofJob("$1", "$2"), scope.jobId];
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
