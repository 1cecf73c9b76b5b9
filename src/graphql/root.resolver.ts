import { Arg, Ctx, ID, Query, Resolver } from "type-graphql";
import { readDatabaseId, CHANGE_COLUMNS, withCursor, type ChangeRow } from "../engine/history.js";
import { Artifact } from "../model/artifact.js";
import { Chunk } from "../model/chunk.js";
import { Collection } from "../model/collection.js";
import { Document } from "../model/document.js";
import { Job } from "../model/job.js";
import { NamedEntity } from "../model/named-entity.js";
import { NodeType } from "../model/node.js";
import { StatusChange } from "../model/status-change.js";
import { Task } from "../model/task.js";
import { Worker } from "../model/worker.js";
import type { GraphContext } from "./context.js";
import { uuid } from "./ids.js";

const KINDS = { Artifact, Chunk, Collection, Document, Job, NamedEntity, Task, Worker };

@Resolver()
export class RootResolver {
  @Query(() => NodeType, { nullable: true, description: "Whatever has this id." })
  async node(@Arg("id", () => ID) id: string, @Ctx() { db, projectId }: GraphContext): Promise<object | null> {
    const found: { kind: keyof typeof KINDS | "StatusChange" }[] = await db.query(WHICH, [uuid(id, "id"), projectId]);
    const kind = found[0]?.kind;
    if (!kind) return null;
    if (kind !== "StatusChange")
      return db.getRepository(KINDS[kind]).createQueryBuilder("t").where("t.id = :id", { id }).getOne();
    const rows: ChangeRow[] = await db.query(`select ${CHANGE_COLUMNS} from status_change s where s.id = $1`, [id]);
    return Object.assign(new StatusChange(), withCursor(rows[0]!, "collection", await readDatabaseId(db)));
  }
}

const TABLES = {
  artifact: "Artifact",
  chunk: "Chunk",
  collection: "Collection",
  document: "Document",
  job: "Job",
  named_entity: "NamedEntity",
  task: "Task",
  worker: "Worker",
  status_change: "StatusChange",
};
/** Ids are unique over all tables, so one of these answers at most. */
const WHICH = Object.entries(TABLES)
  .map(
    ([table, kind]) =>
      `select '${kind}' as kind from ${table} where id = $1 and project_id = $2${table === "artifact" ? " and accepted" : ""}`,
  )
  .join(" union all ");
