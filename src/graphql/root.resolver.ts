import { Arg, Ctx, ID, Query, Resolver } from "type-graphql";
import { placeOfChange, type ChangePlace } from "../engine/stream/change-id.js";
import { CHANGE_COLUMNS, DATABASE_ID, withCursor, type ChangeRow } from "../engine/stream/history.js";
import { Artifact } from "../model/artifact.js";
import { Chunk } from "../model/chunk.js";
import { Collection } from "../model/collection.js";
import { Document } from "../model/document.js";
import { Job } from "../model/job.js";
import { NamedEntity } from "../model/named-entity.js";
import { NodeType } from "../model/node.js";
import { StatusChange } from "../model/status-change.js";
import { Task } from "../model/task.js";
import { Webhook, WebhookDelivery } from "../model/webhook.js";
import { Worker } from "../model/worker.js";
import type { GraphContext } from "./context.js";
import { uuid } from "./ids.js";

const KINDS = { Artifact, Chunk, Collection, Document, Job, NamedEntity, Task, Webhook, WebhookDelivery, Worker };

@Resolver()
export class RootResolver {
  @Query(() => NodeType, {
    nullable: true,
    description: "Object with this ID; null if it does not exist or the key has no access to it.",
  })
  async node(
    @Arg("id", () => ID, { description: "ID of any object." }) id: string,
    @Ctx() context: GraphContext,
  ): Promise<object | null> {
    const { db, principal } = context;
    const place = placeOfChange(uuid(id, "id"));
    if (place) return changeAt(context, place);
    const found: { kind: keyof typeof KINDS }[] = await db.query(WHICH, [
      id.toLowerCase(),
      principal.projectId,
      principal.scope?.collectionId ?? null,
      principal.scope?.jobId ?? null,
      principal.role,
    ]);
    const kind = found[0]?.kind;
    if (!kind) return null;
    return db.getRepository(KINDS[kind]).createQueryBuilder("t").where("t.id = :id", { id: id.toLowerCase() }).getOne();
  }
}

async function changeAt(
  { db, principal }: GraphContext,
  { tx, position, mark }: ChangePlace,
): Promise<StatusChange | null> {
  const { projectId, scope } = principal;
  const rows: (ChangeRow & { databaseId: string })[] = await db.query(
    `select ${CHANGE_COLUMNS}, ${DATABASE_ID} from headway.status_change s
     where s.project_id = $1 and s.tx = $2::xid8 and s.position = $3 and right(s.change_id::text, 6) = $6
       and ($4::uuid is null or s.collection_id = $4) and ($5::uuid is null or s.job_id = $5)`,
    [projectId, tx, position, scope?.collectionId ?? null, scope?.jobId ?? null, mark],
  );
  if (!rows[0]) return null;
  const { databaseId, ...row } = rows[0];
  return Object.assign(new StatusChange(), withCursor(row, "collection", databaseId));
}

/** Of each table, its type and what a key of one collection ($3), or of one job of it ($4), sees. */
const TABLES: Readonly<Record<string, readonly [type: string, ofCollection: string, ofJob: string]>> = {
  artifact: ["Artifact", "(select j.collection_id from headway.job j where j.id = t.job_id)", "t.job_id"],
  chunk: ["Chunk", "t.collection_id", "$4"],
  collection: ["Collection", "t.id", "$4"],
  document: ["Document", "t.collection_id", "$4"],
  job: ["Job", "t.collection_id", "t.id"],
  named_entity: ["NamedEntity", "t.collection_id", "$4"],
  task: ["Task", "t.collection_id", "t.job_id"],
};
/** Ids are unique over all tables, so one of these answers at most. Workers serve every project, and no single collection. */
const WHICH = [
  ...Object.entries(TABLES).map(
    ([table, [type, ofCollection, ofJob]]) =>
      `select '${type}' as kind from headway.${table} t where t.id = $1 and t.project_id = $2
         and ($3::uuid is null or ${ofCollection} = $3) and ($4::uuid is null or ${ofJob} = $4)
         ${table === "artifact" ? "and t.accepted" : ""}`,
  ),
  // Who is told of what is for ADMIN, and for keys of the whole project.
  `select 'Webhook' as kind from headway.webhook t
   where t.id = $1 and t.project_id = $2 and t.deleted_at is null and $3::uuid is null and $5::text = 'ADMIN'`,
  `select 'WebhookDelivery' as kind from headway.webhook_delivery t join headway.webhook w on w.id = t.webhook_id
   where t.id = $1 and t.project_id = $2 and w.deleted_at is null and $3::uuid is null and $5::text = 'ADMIN'`,
  "select 'Worker' as kind from headway.worker t where t.id = $1 and $3::uuid is null",
].join(" union all ");
