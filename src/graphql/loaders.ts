import DataLoader from "dataloader";
import type { ObjectLiteral } from "typeorm";
import { CHANGE_COLUMNS, DATABASE_ID, withCursor, type ChangeRow } from "../engine/stream/history.js";
import type { EngineDeps } from "../engine/engine.js";
import { whyJobsWait, whyTasksWait } from "../engine/read/waiting.js";
import type { WaitingReason } from "../model/waiting.js";
import { collectionWarnings, type CollectionWarning } from "../engine/read/warnings.js";
import { Collection } from "../model/collection.js";
import { Document } from "../model/document.js";
import { JobSummary, type StageSummary } from "../model/job-summary.js";
import { Job, type StageCount } from "../model/job.js";
import { NamedEntity } from "../model/named-entity.js";
import type { StatusChange } from "../model/status-change.js";
import { Task, type RefusedWrite } from "../model/task.js";
import { Webhook, WebhookAttempt, WebhookDelivery } from "../model/webhook.js";
import { Worker } from "../model/worker.js";
import { estimateJobs, type JobEstimate } from "../engine/read/estimates.js";
import { errorGroups, type FailedTasks } from "../engine/read/error-groups.js";
import { outputsOfTasks, type KeptOutput } from "../engine/read/stage-outputs.js";
import { textSlices, type TextSlice } from "../engine/read/text-slices.js";
import type { Principal } from "../access/principal.js";
import { isVisible } from "../access/key-scope.js";
import { readBounded } from "./limits/bounded-read.js";
import { readEntities } from "./limits/read-entities.js";
import type { Budget } from "./limits/budget.js";
import { many, ofMap, one } from "./batches.js";
import { NestedPages } from "./paging/nested-pages.js";
import { LogPages } from "./task/log-pages.js";
import { refusedWritesOf } from "../engine/read/refused-writes.js";
import { versionsOfWorkers, type WorkerVersions } from "../engine/read/worker-versions.js";
import { readStageSummaries } from "../engine/read/stage-summaries.js";
import { areExpiring } from "../engine/read/expiring.js";
import { timelinesOf, type PlaceOfJob } from "../engine/read/timelines.js";

/** Related rows, each kind in one statement per turn, whatever the page sizes. */
export interface Loaders {
  /** Lists below other nouns. */
  readonly pages: NestedPages;
  readonly logs: LogPages;
  readonly outputsOfTask: DataLoader<string, KeptOutput[]>;
  readonly collection: DataLoader<string, Collection | null>;
  readonly document: DataLoader<string, Document | null>;
  readonly job: DataLoader<string, Job | null>;
  readonly task: DataLoader<string, Task | null>;
  readonly worker: DataLoader<string, Worker | null>;
  /** Of workers that are gone, too. */
  readonly versionsOfWorker: DataLoader<string, WorkerVersions | null>;
  readonly webhook: DataLoader<string, Webhook | null>;
  readonly delivery: DataLoader<string, WebhookDelivery | null>;
  readonly attemptsOfDelivery: DataLoader<string, WebhookAttempt[]>;
  readonly summary: DataLoader<string, JobSummary | null>;
  /** Of settled jobs, reckoned from the history where it has not been kept yet. */
  readonly stagesOfSummary: DataLoader<JobSummary, StageSummary[]>;
  readonly openJobOfCollection: DataLoader<string, Job | null>;
  readonly lastJobOfCollection: DataLoader<string, Job | null>;
  readonly collectionTaskOfJob: DataLoader<string, Task | null>;
  readonly taskOfDocument: DataLoader<TaskOfDocument, Task | null, string>;
  readonly lastTaskOfDocument: DataLoader<string, Task | null>;
  /** A slice of a document's text, by UTF-16 units; null where it has no text. */
  readonly sliceOfText: DataLoader<TextSlice, string | null, string>;
  readonly stageCountsOfJob: DataLoader<string, StageCount[]>;
  readonly errorGroupsOfJob: DataLoader<string, FailedTasks[]>;
  /** Of open jobs. */
  readonly estimateOfJob: DataLoader<string, JobEstimate | null>;
  readonly timelineOfJob: DataLoader<string, PlaceOfJob[]>;
  readonly refusedWritesOfTask: DataLoader<string, RefusedWrite[]>;
  /** By entity id. */
  readonly lastChange: DataLoader<string, StatusChange | null>;
  /** The whole history of a task, oldest first. */
  readonly historyOfTask: DataLoader<string, ChangeRow[]>;
  readonly waitingOfTask: DataLoader<string, WaitingReason | null>;
  readonly waitingOfJob: DataLoader<string, WaitingReason | null>;
  /** Whether the collection has expired, or is to though the sweep has not come to it yet. */
  readonly isExpiring: DataLoader<string, boolean>;
  readonly warningsOfCollection: DataLoader<string, CollectionWarning[]>;
  /** Most often named together first. */
  readonly relatedOfEntity: DataLoader<string, { readonly entity: NamedEntity; readonly together: number }[]>;
  /** Those that name it most first. */
  readonly documentsOfEntity: DataLoader<string, { readonly documentId: string }[]>;
}

/** One task, by what it is of. */
export interface TaskOfDocument {
  readonly jobId: string;
  readonly documentId: string;
}
function keyOfTask({ jobId, documentId }: TaskOfDocument): string {
  return `${jobId} ${documentId}`;
}

/** Loaders that find what this principal may see: of its project, and of its key's part of that. */
export function createLoaders(
  deps: EngineDeps,
  { projectId, scope }: Pick<Principal, "projectId" | "scope">,
  budget: Budget,
): Loaders {
  const { db } = deps;
  const seesJob = ({ id, collectionId }: Job): boolean => isVisible(scope, { collectionId, jobId: id });
  const seesTask = ({ jobId, collectionId }: Task): boolean => isVisible(scope, { collectionId, jobId });
  const select = <T extends ObjectLiteral>(
    entity: new () => T,
    where: string,
    order = "t.id",
    distinctOn: string[] = [],
  ) => {
    return (keys: readonly string[], more: object = {}): Promise<T[]> => {
      const query = db
        .getRepository(entity)
        .createQueryBuilder("t")
        .where(where, { keys, projectId, ...more })
        .orderBy(order);
      return readEntities(distinctOn.length > 0 ? query.distinctOn(distinctOn) : query, budget);
    };
  };
  const newestFirst = async <T extends ObjectLiteral & { id: string }>(
    entity: new () => T,
    sql: string,
    keys: readonly string[],
  ) => {
    const found: { id: string }[] = await db.query(sql, [keys, projectId]);
    const ids = found.map(({ id }) => id);
    const query = db.getRepository(entity).createQueryBuilder("t").where("t.id = any(:ids)", { ids });
    return readEntities(query, budget);
  };
  const inProject = "t.id = any(:keys) and t.project_id = :projectId";
  return {
    pages: new NestedPages(db, budget),
    logs: new LogPages(db, budget, projectId),
    outputsOfTask: many(
      (keys) => outputsOfTasks((sql, parameters) => readBounded(db, budget, sql, parameters), projectId, keys),
      (row) => row.taskId,
    ),
    collection: one(
      select(Collection, inProject),
      (row) => row.id,
      ({ id }) => isVisible(scope, { collectionId: id }),
    ),
    document: one(
      select(Document, inProject),
      (row) => row.id,
      ({ collectionId }) => isVisible(scope, { collectionId }),
    ),
    job: one(select(Job, inProject), (row) => row.id, seesJob),
    task: one(select(Task, inProject), (row) => row.id, seesTask),
    // Workers serve every project.
    worker: one(select(Worker, "t.id = any(:keys)"), (row) => row.id),
    versionsOfWorker: one(
      (keys) => versionsOfWorkers(db, keys),
      (row) => row.id,
    ),
    webhook: one(select(Webhook, `${inProject} and t.deleted_at is null`), (row) => row.id),
    delivery: one(select(WebhookDelivery, inProject), (row) => row.id),
    attemptsOfDelivery: many(
      select(WebhookAttempt, "t.delivery_id = any(:keys) and t.project_id = :projectId"),
      (row) => row.deliveryId,
    ),
    summary: one(
      select(JobSummary, "t.job_id = any(:keys) and t.project_id = :projectId", "t.job_id"),
      (row) => row.jobId,
    ),
    stagesOfSummary: new DataLoader((summaries) => readStageSummaries(db, summaries)),
    openJobOfCollection: one(
      select(
        Job,
        "t.collection_id = any(:keys) and t.project_id = :projectId and t.status in ('QUEUED', 'PROCESSING', 'CANCELLING')",
      ),
      (row) => row.collectionId,
      seesJob,
    ),
    lastJobOfCollection: one(
      (keys) =>
        newestFirst(
          Job,
          `select j.id from unnest($1::uuid[]) as c(id) cross join lateral (
             select id from headway.job where collection_id = c.id and project_id = $2 order by created_at desc, id desc limit 1) j`,
          keys,
        ),
      (row) => row.collectionId,
      seesJob,
    ),
    collectionTaskOfJob: one(
      select(Task, "t.job_id = any(:keys) and t.project_id = :projectId and t.kind = 'COLLECTION'"),
      (row) => row.jobId,
      seesTask,
    ),
    taskOfDocument: new DataLoader(
      async (keys) => {
        const tasks = await select(
          Task,
          "t.project_id = :projectId and (t.document_id, t.job_id) in (select * from unnest(cast(:documents as uuid[]), cast(:jobs as uuid[])))",
        )([], { documents: keys.map(({ documentId }) => documentId), jobs: keys.map(({ jobId }) => jobId) });
        const byKey = new Map(
          tasks.map((task) => [keyOfTask({ jobId: task.jobId, documentId: task.documentId! }), task]),
        );
        return keys.map((key) => byKey.get(keyOfTask(key)) ?? null);
      },
      { cacheKeyFn: keyOfTask },
    ),
    lastTaskOfDocument: one(
      (keys) =>
        newestFirst(
          Task,
          `select t.id from unnest($1::uuid[]) as d(id) cross join lateral (
             select id from headway.task where document_id = d.id and project_id = $2 order by created_at desc, id desc limit 1) t`,
          keys,
        ),
      (row) => row.documentId!,
      seesTask,
    ),
    sliceOfText: textSlices((sql, parameters) => readBounded(db, budget, sql, parameters), projectId),
    stageCountsOfJob: many(
      (keys) =>
        db.query(
          `select s.job_id as "jobId", s.stage, s.queued, s.running, s.completed, s.failed from headway.stage_count s
           join headway.job j on j.id = s.job_id where s.job_id = any ($1) and j.project_id = $2
           order by s.job_id, array_position(j.document_stages, s.stage)`,
          [keys, projectId],
        ) as Promise<(StageCount & { jobId: string })[]>,
      (row) => row.jobId,
    ) as DataLoader<string, StageCount[]>,
    errorGroupsOfJob: many(
      (keys) => errorGroups(db, keys),
      (row) => row.jobId,
    ),
    estimateOfJob: ofMap((keys) => estimateJobs(db, keys)),
    timelineOfJob: many(
      (keys) => timelinesOf((sql, parameters) => readBounded(db, budget, sql, parameters), projectId, keys),
      (row) => row.jobId,
    ),
    refusedWritesOfTask: many(
      (keys) => refusedWritesOf(db, projectId, keys),
      (row) => row.taskId,
    ),
    lastChange: one(
      async (keys) => {
        const rows = await readBounded<ChangeRow & { databaseId: string }>(
          db,
          budget,
          `select ${CHANGE_COLUMNS}, ${DATABASE_ID} from unnest($1::uuid[]) as e(id) cross join lateral (
             select * from headway.status_change where entity_id = e.id and project_id = $2 order by version desc limit 1) s`,
          [keys, projectId],
        );
        return rows.map(({ databaseId, ...row }) => withCursor(row, "collection", databaseId));
      },
      (row) => row.entityId,
    ),
    historyOfTask: many(
      (keys) =>
        readBounded<ChangeRow>(
          db,
          budget,
          `select ${CHANGE_COLUMNS} from headway.status_change s where s.entity_id = any ($1) and s.project_id = $2
           order by s.entity_id, s.version`,
          [keys, projectId],
        ),
      (row: ChangeRow) => row.entityId,
    ),
    waitingOfTask: ofMap((keys) => whyTasksWait(deps, keys)),
    waitingOfJob: ofMap((keys) => whyJobsWait(deps, keys)),
    isExpiring: new DataLoader((keys) => areExpiring(db, projectId, keys)),
    warningsOfCollection: many(
      (keys) => collectionWarnings(db, keys, scope?.jobId ?? null),
      (row) => row.collectionId,
    ),
    relatedOfEntity: many(
      async (keys) => {
        const pairs = await readBounded<{ entityId: string; otherId: string; together: number }>(
          db,
          budget,
          `select entity_id as "entityId", other_id as "otherId", together from headway.named_entity_pair
           where entity_id = any ($1) and project_id = $2 order by together desc, other_id`,
          [keys, projectId],
        );
        const others = await select(NamedEntity, inProject)([...new Set(pairs.map(({ otherId }) => otherId))]);
        const byId = new Map(others.map((entity) => [entity.id, entity]));
        return pairs.flatMap(({ entityId, otherId, together }) =>
          byId.has(otherId) ? [{ entityId, together, entity: byId.get(otherId)! }] : [],
        );
      },
      (row) => row.entityId,
    ),
    documentsOfEntity: many(
      (keys) =>
        readBounded<{ entityId: string; documentId: string }>(
          db,
          budget,
          `select entity_id as "entityId", document_id as "documentId" from headway.named_entity_document
           where entity_id = any ($1) and project_id = $2 order by mentions desc, document_id`,
          [keys, projectId],
        ),
      (row) => row.entityId,
    ),
  };
}
