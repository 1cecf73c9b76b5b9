import { changeId, type ChangePlace } from "../../../src/engine/stream/change-id.js";
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { KeyGrant, KeyScope } from "../../../src/access/keys.js";
import { BROWSER_PERMISSIONS, type BrowserPermission } from "../../../src/lifecycle/roles.js";
import { projectNamed } from "../../../src/access/projects.js";
import { addDocuments } from "../../../src/engine/collection/add-documents.js";
import { createCollection } from "../../../src/engine/collection/collections.js";
import { pausePipeline } from "../../../src/engine/operations/pause.js";
import { submitJob } from "../../../src/engine/submit/submit.js";
import { definePipeline, PermanentError } from "../../../src/index.js";
import type { CollectionContext, DocumentContext } from "../../../src/pipelines/pipeline.js";
import { createStatistics } from "../../../src/reconciler/statistics.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { ACTOR } from "../../support/engine.js";
import { keyBy } from "../../support/keys.js";
import { until } from "../../support/until.js";

/**
 * Where something lies. Collection A has a settled job A1 and an open one, A2; B has the settled B1; Z with Z1 is another
 * project's. A's own history tells of both of its jobs. Workers belong to the installation.
 */
export const PLACES = [
  "A",
  "history of A",
  "A1",
  "A2",
  "B",
  "history of B",
  "B1",
  "worker",
  "webhook",
  "Z",
  "history of Z",
  "Z1",
] as const;
export type Place = (typeof PLACES)[number];

export interface MarkedWorld {
  readonly api: TestApi;
  /** Of everything that has one. */
  readonly places: ReadonlyMap<string, Place>;
  /** One of each kind of thing in each place. */
  readonly samples: readonly string[];
  /** Of these, what fields are asked by: collections, documents, jobs, tasks and workers. */
  readonly scopes: readonly string[];
  /** How many changes the history has of this collection, job or task. */
  changesOf(id: string): Promise<number>;
  /** The key of each kind that is tried, and what it may see. */
  readonly keys: readonly MarkedKey[];
  readonly databaseId: string;
  close(): Promise<void>;
}
export interface MarkedKey {
  readonly name: string;
  readonly key: string;
  readonly kind: "PROJECT" | "COLLECTION" | "JOB";
  readonly scope: KeyScope | null;
  readonly sees: readonly Place[];
}

/** What is planted in every text of a place. */
export const markOf = (place: Place): string => `mark-${place}-`;
/** Of every worker. */
export const PID = 424_242;

let openGate: (() => void) | null = null;
const rich = definePipeline({
  name: "rich",
  version: 1,
  description: "A pipeline that leaves something in every field.",
  options: z.object({ mark: z.string() }),
  documentStages: [{ name: "read", maxAttempts: 2, run: readDocument }],
  collectionStages: [{ name: "write", run: writeCollection }],
});
const paused = definePipeline({
  name: "paused",
  version: 1,
  concurrency: 3,
  documentStages: [{ name: "read", concurrency: 2, rateLimit: { limit: 1, perMs: 3_600_000 }, run: async () => null }],
});

async function readDocument(ctx: DocumentContext): Promise<object> {
  const { mark } = ctx.options as { mark: string };
  const text = `${markOf(mark.includes("A") ? "A" : mark.includes("B") ? "B" : "Z")} text`;
  // What is doubtful about a document's text is the document's, and else the task's.
  ctx.logger.info({ mark }, `${mark} is read`);
  const isBad = ctx.document.name.endsWith("bad");
  ctx.warn("DOUBTFUL", isBad ? mark : text, { pages: [1] });
  if (isBad) throw new PermanentError("BAD", `${mark} is bad`, {}, { cause: new Error(mark) });
  if (ctx.document.name.endsWith("flaky") && ctx.attempt === 1) throw new Error(`${mark} is tried again`);
  if (ctx.document.name.endsWith("held")) {
    ctx.progress(0.5, `${mark} is half done`);
    await new Promise<void>((resolve) => (openGate = resolve));
  }
  ctx.setMediaType("text/plain");
  ctx.setMetadata({ note: text });
  await ctx.setText(text);
  const piece = { ordinal: 0, text, startOffset: 0, endOffset: text.length, page: 1, pageEnd: 2 };
  await ctx.chunks.replace([
    { ...piece, headings: [text], context: text, part: text, embedding: new Float32Array(512).fill(1) },
  ]);
  return { mark };
}

async function writeCollection(ctx: CollectionContext): Promise<object> {
  const { mark } = ctx.options as { mark: string };
  ctx.logger.info({ mark }, `${mark} is written`);
  await ctx.artifacts.write(`${mark}.txt`, mark, "text/plain");
  const documents: { documentId: string; mentions: number }[] = [];
  for await (const { id } of ctx.documents()) documents.push({ documentId: id, mentions: 1 });
  const { name } = ctx.collection;
  const entity = { type: "PERSON" as const, mentions: 1, documentCount: 1, documents };
  await ctx.entities.replace([
    { ...entity, name: `${name} Ada`, related: [{ name: `${name} Bob`, together: 1 }] },
    { ...entity, name: `${name} Bob`, related: [] },
  ]);
  return { mark };
}

/** One installation in which every field of the schema has something to tell, and every text says where it belongs. */
export async function createMarkedWorld(): Promise<MarkedWorld> {
  const api = await createTestApi([rich, paused]);
  const { db, deps } = api.rig;
  const file = path.join(deps.fileRoots[0]!, "file.txt");
  await writeFile(file, "from a file");
  await api.rig.startWorker({ concurrency: 1 });
  const { id: elsewhere } = await projectNamed(db, "elsewhere");
  await pausePipeline(deps, ACTOR, { pipeline: "paused", reason: "for a while" });

  const collection = async (place: "A" | "B" | "Z", names: readonly string[]) => {
    const actor = place === "Z" ? { ...ACTOR, projectId: elsewhere } : ACTOR;
    const mark = markOf(place);
    const id = await createCollection(deps, actor, {
      name: mark,
      description: mark,
      metadata: { mark },
      expiresInDays: 3,
    });
    const documents = names.map((name) => ({ name: `${mark} ${name}`, text: mark }));
    const fromFile = { name: `${mark} file`, uri: `file://${file}` };
    const documentIds = await addDocuments(deps, actor, { collectionId: id, documents: [...documents, fromFile] });
    const submit = async (job: Place, which: readonly string[]): Promise<string> => {
      const chosen = which.map((name) => documentIds[[...names, "file"].indexOf(name)]!);
      const input = { collectionId: id, pipeline: "rich", options: { mark: markOf(job) }, tags: [markOf(job)] };
      return (await submitJob(deps, actor, { ...input, documentIds: chosen })).jobId;
    };
    return { id, submit };
  };
  const b = await collection("B", ["good", "bad"]);
  const z = await collection("Z", ["good"]);
  const a = await collection("A", ["good", "bad", "flaky", "again bad", "held", "due", "later"]);
  const [b1, z1] = [await b.submit("B1", ["good", "bad"]), await z.submit("Z1", ["good"])];
  await Promise.all([b1, z1].map((id) => api.rig.settled(id)));
  const a1 = await a.submit("A1", ["good", "bad", "flaky", "file"]);
  await api.rig.settled(a1);
  const a2 = await a.submit("A2", ["again bad", "held", "due", "later"]);
  await until("its task has told how far it is", async () => {
    const running = "select 1 from headway.task where job_id = $1 and progress_message is not null";
    return openGate !== null && (await db.query(running, [a2])).length === 1;
  });
  await plant(api, [a1, a2, b1]);

  const key = async (
    name: string,
    sees: readonly Place[],
    grant: Partial<KeyGrant>,
    kind: MarkedKey["kind"] = "PROJECT",
  ): Promise<MarkedKey> => ({ name, sees, kind, scope: grant.scope ?? null, key: await keyBy(db, grant) });
  const ofPart = (
    name: string,
    kind: "COLLECTION" | "JOB",
    sees: readonly Place[],
    jobId: string | null,
    permissions: readonly BrowserPermission[] = ["READ"],
  ) => {
    const submits = permissions.includes("SUBMIT") ? { pipelines: ["rich"] } : {};
    const uploads = permissions.includes("UPLOAD") ? { maxFiles: 10_000, maxBytes: 1_000_000 } : {};
    return key(
      name,
      sees,
      { role: "VIEWER", scope: { collectionId: a.id, jobId, permissions, ...submits, ...uploads } },
      kind,
    );
  };
  const all = PLACES.filter((place) => !place.includes("Z"));
  const keys = await Promise.all([
    key("ADMIN of the project", all, { role: "ADMIN" }),
    key(
      "VIEWER of the project",
      all.filter((place) => place !== "webhook"),
      { role: "VIEWER" },
    ),
    key("ADMIN of another project", ["Z", "history of Z", "Z1", "worker"], { projectId: elsewhere }),
    ofPart("key of collection A", "COLLECTION", ["A", "history of A", "A1", "A2"], null, BROWSER_PERMISSIONS),
    ofPart("key of job A1", "JOB", ["A", "A1"], a1, ["READ", "CANCEL", "RETRY"]),
    ofPart("key of job A2", "JOB", ["A", "A2"], a2),
  ]);
  // So that every field of a key has something in it.
  await keyBy(db, { name: "ended", lifeMs: 3_600_000 });
  await db.query(
    "update headway.api_key set revoked_at = clock_timestamp(), last_used_at = created_at where name = 'ended'",
  );
  const statistics = createStatistics();
  const counts = {
    db,
    settings: { sweepMs: 0, heartbeatMs: 0, leaseMs: 0, crashLimit: 3, cancelDeadlineMs: 0, statisticsDays: 30 },
  };
  await until("its history is counted", async () => {
    await statistics(counts);
    return (await db.query("select 1 from headway.statistic where run <> '{}' and stage <> ''")).length > 0;
  });
  await db.query("select headway.look_for_attention(0, 0, null)");
  await db.query(
    `insert into headway.acknowledgement (item_id, project_id, kind, subject, word, actor_type, actor)
     select i.id, p.id, i.kind, i.subject, 'known', 'USER', 'tests' from headway.attention_item i
     join headway.project p on p.id = i.project_id where i.kind = 'PIPELINE_PAUSED'`,
  );
  const [{ databaseId }] = await db.query(`select id::text as "databaseId" from headway.database_identity`);
  return {
    api,
    keys,
    databaseId,
    ...(await placesOfRows(
      api,
      new Map([
        [a.id, "A"],
        [b.id, "B"],
        [z.id, "Z"],
        [a1, "A1"],
        [a2, "A2"],
        [b1, "B1"],
        [z1, "Z1"],
      ]),
    )),
    async changesOf(id) {
      const [{ n }] = await db.query(
        "select count(*)::int as n from headway.status_change where collection_id = $1 or job_id = $1 or entity_id = $1",
        [id],
      );
      return n;
    },
    async close() {
      openGate?.();
      await api.close();
    },
  };
}

/** What no run brings about in a second: late writes, broken invariants, a cancel of an earlier run, worker's names. */
async function plant({ rig: { db } }: TestApi, jobIds: readonly string[]): Promise<void> {
  await db.transaction(async (tx) => {
    for (const table of ["task", "job"]) await tx.query(`alter table headway.${table} disable trigger user`);
    await tx.query("update headway.worker set hostname = $1, pid = $2", [markOf("worker"), PID]);
    await tx.query(
      `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms)
       select $1, project_id, $2, $3, 'test', '{rich}', 8, 30000 from headway.worker limit 1`,
      [randomUUID(), markOf("worker"), PID],
    );
    // The rate of its stage is used up.
    await tx.query(
      `insert into headway.limit_use (pipeline, stage, per_ms, slot_ends, begun)
       values ('paused', 'read', '{3600000}', array[clock_timestamp() + interval '1 minute'], '{1}')
       on conflict (pipeline, stage) do update set per_ms = excluded.per_ms, slot_ends = excluded.slot_ends, begun = excluded.begun`,
    );
    // Longer than half of what its stage may take, so its job is told to wait for it.
    await tx.query(
      "update headway.task set status_changed_at = clock_timestamp() - interval '200 seconds' where status = 'RUNNING'",
    );
    await tx.query(
      "update headway.task set run_at = clock_timestamp() + interval '1 day' where document_name like '%later'",
    );
    await tx.query(
      "update headway.job set cancel_requested_at = created_at where id = any ($1) and finished_at is not null",
      [jobIds],
    );
    // S8: its counters differ from its tasks.
    await tx.query("update headway.job set skipped = skipped + 1 where id = any ($1)", [jobIds]);
    await tx.query(
      `insert into headway.refused_write (project_id, task_id, worker, fence, wanted, stage, change_id)
       select project_id, id, 'worker:' || gen_random_uuid(), 1, 'COMPLETED', 'read', gen_random_uuid() from headway.task`,
    );
    await tx.query(
      `with hook as (
         insert into headway.webhook (id, project_id, url, host, events, pipelines, tags, enabled, disabled_reason, given_up_at, secret, created_by)
         select gen_random_uuid(), project_id, 'https://hooks.example/' || $1, 'hooks.example:443', '{JOB_SETTLED}', '{rich}', '{a}', false,
           'Nothing came through.', clock_timestamp(), '\\x00', 'tests' from headway.job where id = $2 returning id, project_id
       ), sent as (
         insert into headway.webhook_delivery (id, project_id, webhook_id, event, entity_id, version, job_id, payload, delivered_at, next_attempt_at)
         select gen_random_uuid(), project_id, id, 'JOB_SETTLED', $2, 1, $2, '{"type": "job.settled"}', clock_timestamp(),
           clock_timestamp() + interval '1 day' from hook returning id, project_id)
       insert into headway.webhook_attempt (project_id, delivery_id, at, status_code, error, duration_ms)
       select project_id, id, clock_timestamp(), 500, 'It answered 500.', 7 from sent`,
      [markOf("webhook"), jobIds[0]],
    );
    for (const table of ["task", "job"]) await tx.query(`alter table headway.${table} enable trigger user`);
  });
}

async function placesOfRows(
  { rig: { db } }: TestApi,
  roots: ReadonlyMap<string, Place>,
): Promise<Pick<MarkedWorld, "places" | "samples" | "scopes">> {
  type Row = { id: string; collection: string | null; job: string | null; what: string };
  const rows: Row[] = await db.query(
    `select id, id as collection, null::uuid as job, 'collection' as what from headway.collection
     union all select id, collection_id, null, 'document' from headway.document
     union all select id, collection_id, null, 'chunk' from headway.chunk
     union all select id, collection_id, null, 'entity' from headway.named_entity
     union all select id, collection_id, id, 'job' from headway.job
     union all select id, collection_id, job_id, 'task' from headway.task
     union all select a.id, j.collection_id, a.job_id, 'artifact' from headway.artifact a join headway.job j on j.id = a.job_id
     union all select id, null, null, 'webhook' from headway.webhook
     union all select id, null, null, 'webhook' from headway.webhook_delivery
     union all select id, null, null, 'worker' from headway.worker`,
  );
  const changes: (Row & ChangePlace)[] = await db.query(
    `select collection_id as collection, job_id as job, 'change' as what, tx::text as tx, position::text as position,
       right(change_id::text, 12) as mark from headway.status_change`,
  );
  rows.push(...changes.map((change) => ({ ...change, id: changeId(change) })));
  const placeOf = ({ collection, job, what }: Row): Place => {
    if (collection === null) return what as "worker" | "webhook";
    const place = roots.get(job ?? collection)!;
    return what === "change" && job === null ? (`history of ${place}` as Place) : place;
  };
  const samples = new Map(rows.map((row) => [`${row.what} of ${placeOf(row)}`, row]));
  const asked = [...samples.values()].filter(({ what }) =>
    ["collection", "document", "job", "task", "worker"].includes(what),
  );
  return {
    places: new Map(rows.map((row) => [row.id, placeOf(row)])),
    samples: [...samples.values()].map(({ id }) => id),
    scopes: asked.map(({ id }) => id),
  };
}
