import { Arg, Ctx, ID, Query, Resolver } from "type-graphql";
import { z } from "zod";
import { readDatabaseId, CHANGE_COLUMNS, withCursor, type ChangeRow } from "../engine/history.js";
import { Artifact } from "../model/artifact.js";
import { Chunk } from "../model/chunk.js";
import { Collection } from "../model/collection.js";
import { Document } from "../model/document.js";
import { Job } from "../model/job.js";
import { NodeType } from "../model/node.js";
import { PipelineInfo } from "../model/pipeline.js";
import { StatusChange } from "../model/status-change.js";
import { Task } from "../model/task.js";
import { Worker } from "../model/worker.js";
import type { GraphContext } from "./context.js";
import { uuid } from "./ids.js";

const KINDS = { Artifact, Chunk, Collection, Document, Job, Task, Worker };

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

  @Query(() => [PipelineInfo], { description: "What this server knows, by name." })
  async pipelines(@Ctx() { db, projectId, parts }: GraphContext): Promise<PipelineInfo[]> {
    const rows: { pipeline: string; queued: number; running: number; oldest: Date | null }[] = await db.query(
      `select pipeline, count(*) filter (where status = 'QUEUED')::int as queued,
         count(*) filter (where status = 'RUNNING')::int as running,
         min(run_at) filter (where status = 'QUEUED') as oldest
       from task where status in ('QUEUED', 'RUNNING') and project_id = $1 group by pipeline`,
      [projectId],
    );
    const open = new Map(rows.map((row) => [row.pipeline, row]));
    return parts.registry.all().map(({ name, version, description, documentStages, collectionStages, options }) => ({
      name,
      version,
      description,
      documentStages: documentStages.map((stage) => stage.name),
      collectionStages: collectionStages.map((stage) => stage.name),
      optionsSchema: options === null ? null : z.toJSONSchema(options, { io: "input", unrepresentable: "any" }),
      queued: open.get(name)?.queued ?? 0,
      running: open.get(name)?.running ?? 0,
      oldestQueuedAt: open.get(name)?.oldest ?? null,
    }));
  }
}

const TABLES = {
  artifact: "Artifact",
  chunk: "Chunk",
  collection: "Collection",
  document: "Document",
  job: "Job",
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
