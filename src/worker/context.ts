import type { DataSource } from "typeorm";
import type { Stop } from "../async/stop.js";
import { eachPage } from "../database/each-page.js";
import type { Claim } from "../engine/flush/claim.js";
import type { TaskWarning } from "../engine/flush/task-command.js";
import { beginFetch } from "../engine/uploads/fetched.js";
import { toStorableJson, toStorableMessage } from "../engine/storable.js";
import { PermanentError } from "../errors.js";
import { traceparentNow } from "../tracing.js";
import type {
  CollectionContext,
  DocumentContext,
  Json,
  SettledDocument,
  StageContext,
  StageLogger,
  WarningScope,
} from "../pipelines/pipeline.js";
import type { Beating, Heartbeat } from "./heartbeat.js";
import { Source, type DocumentFacts, type SourceDeps } from "../sources/source.js";
import { StageDatabase } from "./stage-database.js";
import { Secrets } from "./secrets.js";
import { inBoth, labelled, type StageLabels } from "./stage-log.js";
import type { ClaimLog, TaskLogs } from "./task-logs.js";
import { Staging } from "./staging.js";
import { replaceEntities } from "./staging-entities.js";
import { writeArtifact } from "./write-artifact.js";

/** One claim while it runs: what its stages have found out and staged so far. */
export interface RunningClaim {
  readonly claim: Claim;
  readonly beating: Beating;
  readonly db: StageDatabase;
  readonly source: Source | null;
  readonly staging: Staging | null;
  readonly warnings: TaskWarning[];
  readonly log: ClaimLog;
  /** Of the task, as of the last stage that it has passed: see Claim. */
  pipelineVersion: number;
  isMixed: boolean;
  /** Found out in the present stage; taken when its end is recorded. */
  facts: DocumentFacts;
  attempt: number;
  input: unknown;
  /** Of the present stage. */
  secrets: Secrets;
  /** The present handler's end, whatever it comes to; null before the first. */
  handler: Promise<unknown> | null;
  /** Settles when what has been handed to the recorder so far has been recorded, or never will be. Never rejects. */
  recording: Promise<void>;
  /** The task is in other hands, or has its end: nothing more of this claim is recorded. */
  isOver: boolean;
  /** Its handler was to stop, and has not in time. */
  isLeft: boolean;
}

export interface ContextDeps extends SourceDeps {
  readonly db: DataSource;
  readonly heartbeat: Heartbeat;
  readonly logs: TaskLogs;
  readonly logger: StageLogger;
  readonly onError: (error: unknown, doing: string) => void;
}

const MAX_WARNINGS = 100;
const MAX_WARNING_PAGES = 1_000;
/** The largest number that the API's Int holds. */
const MAX_COUNT = 2 ** 31 - 1;
const PAGE = 200;

export function startClaim(deps: ContextDeps, claim: Claim, beating: Beating, stop: Stop): RunningClaim {
  const addFacts = (facts: DocumentFacts): void => {
    running.facts = { ...running.facts, ...facts, metadata: { ...running.facts.metadata, ...facts.metadata } };
  };
  const { document } = claim;
  const db = new StageDatabase(deps.db, stop, deps.onError);
  const reserveKey = (): Promise<string> => beginFetch(db, claim, document!.id);
  const running: RunningClaim = {
    claim,
    beating,
    db,
    source: document ? new Source({ ...deps, db }, { document, reserveKey, addFacts, stop }) : null,
    staging: document ? new Staging(db, claim, document.id) : null,
    warnings: [...claim.warnings],
    log: deps.logs.of(claim),
    pipelineVersion: claim.pipelineVersion,
    isMixed: claim.isMixed,
    facts: {},
    attempt: claim.attempt,
    input: claim.input,
    secrets: Secrets.none,
    handler: null,
    recording: Promise.resolve(),
    isOver: false,
    isLeft: false,
  };
  return running;
}

export function labelsOf({ claim, attempt }: Pick<RunningClaim, "claim" | "attempt">, stage: string): StageLabels {
  const { job, taskId, document } = claim;
  return { pipeline: job.pipeline, stage, job: job.id, task: taskId, document: document?.name ?? null, attempt };
}

/** What the handler of `stage` gets. */
export function stageContext(
  deps: ContextDeps,
  running: RunningClaim,
  stage: string,
  options: unknown,
  stop: Stop,
): DocumentContext | CollectionContext {
  const { claim, beating, secrets, attempt } = running;
  running.db.enter(stop);
  // Made when it is first asked for: four of them a stage were a tenth of what the worker has to collect.
  let logger: StageLogger | null = null;
  const common: StageContext = {
    collection: claim.collection as StageContext["collection"],
    job: { id: claim.job.id, run: claim.job.run, tags: claim.job.tags },
    task: { id: claim.taskId, stage },
    attempt,
    options,
    input: running.input,
    get signal() {
      return stop.signal;
    },
    secrets: secrets.byName,
    traceparent: traceparentNow(),
    progress: (fraction, message) =>
      stop.aborted || deps.heartbeat.report(beating, fraction, secrets.optional(message)),
    artifacts: {
      write: (name, content, mediaType) => writeArtifact(deps.blobs, running, stage, { name, content, mediaType }),
    },
    get logger() {
      return (logger ??= inBoth(
        labelled(secrets.hiddenIn(deps.logger), labelsOf({ claim, attempt }, stage)),
        secrets.hiddenIn(running.log.at(stage, attempt)),
      ));
    },
    warn: (code, message, scope) => addWarning(running.warnings, warningOf(code, secrets.text(message), scope)),
  };
  return claim.kind === "DOCUMENT" ? documentContext(running, common) : collectionContext(running, common);
}

export function warningOf(code: string, message: string, { count, pages = [] }: WarningScope = {}): TaskWarning {
  const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;
  return {
    code: toStorableMessage(code),
    message: toStorableMessage(message),
    count: isCount(count) ? Math.min(count, MAX_COUNT) : Math.max(1, pages.length),
    pages: pages.filter((page) => isCount(page) && page <= MAX_COUNT).slice(0, MAX_WARNING_PAGES),
  };
}

/** Each is said once of a task. */
export function addWarning(warnings: TaskWarning[], added: TaskWarning): void {
  const isKnown = warnings.some(({ code, message }) => code === added.code && message === added.message);
  if (!isKnown && warnings.length < MAX_WARNINGS) warnings.push(added);
}

function documentContext(running: RunningClaim, common: StageContext): DocumentContext {
  const { source, staging, secrets } = running;
  if (!source || !staging)
    throw new PermanentError("NOT_READABLE", "The document has been removed from its collection.");
  const add = (facts: DocumentFacts): void => {
    running.facts = { ...running.facts, ...facts, metadata: { ...running.facts.metadata, ...facts.metadata } };
    source.learn(facts);
  };
  // Not spread into a new object, which took a tenth of the worker's time through stages that do nothing.
  return Object.assign(common, {
    document: source,
    // Here, where the stage can still fail by name; in the flush it would be a fault of the database's.
    setMetadata: (metadata) => {
      const added = JSON.parse(secrets.json(toStorableJson(metadata, "metadata"))) as Readonly<Record<string, Json>>;
      // One call is small; it is all of them, over stages and runs, that the document carries with it forever.
      toStorableJson({ ...source.metadata, ...added }, "metadata, with what the document has already,");
      add({ metadata: added });
    },
    setMediaType: (mediaType) => add({ mediaType: toStorableMessage(mediaType) }),
    setText: (text) => staging.setText(text),
    stagedText: () => staging.stagedText(),
    stageKept: async () => {
      const kept = await staging.stageKept();
      if (kept === null) return null;
      const { warnings, ...content } = kept;
      for (const warning of warnings) addWarning(running.warnings, warning);
      return content;
    },
    chunks: { replace: (chunks) => staging.replaceChunks(chunks), staged: () => staging.stagedChunks() },
  } satisfies Omit<DocumentContext, keyof StageContext>);
}

function collectionContext({ claim, db }: RunningClaim, common: StageContext): CollectionContext {
  const jobId = claim.job.id;
  return {
    ...common,
    async *documents() {
      for await (const { document } of settled(db, jobId, null)) yield document;
    },
    async *documentOutputs(stage) {
      for await (const { document, output } of settled(db, jobId, stage)) {
        if (document.status === "COMPLETED" || document.status === "SKIPPED") yield { document, output };
      }
    },
    async documentText(documentId) {
      const rows: { text: string }[] = await db.query(
        `select x.text from headway.task t join headway.document d on d.id = t.document_id
         join headway.document_text x on x.document_id = d.id and x.task_id = d.content_task_id and x.fence = d.text_fence
         where t.job_id = $1 and t.document_id = $2`,
        [jobId, documentId],
      );
      return rows[0]?.text ?? null;
    },
    entities: { replace: (entities) => replaceEntities(db, claim, entities) },
  };
}

type SettledRow = SettledDocument & {
  readonly ordinal: number;
  readonly output: unknown;
  readonly hasOutput: boolean;
  readonly metadata: Record<string, Json>;
};

/**
 * The job's document tasks in order, read page by page; with the output of a stage, only those that have one. Of what
 * was skipped as unchanged the output is the one that stands. Documents that have been removed are left out.
 */
async function* settled(
  db: StageDatabase,
  jobId: string,
  stage: string | null,
): AsyncIterable<{ document: SettledDocument; output: unknown }> {
  const pages = eachPage({ after: 0, size: PAGE, keyOf: ({ ordinal }: SettledRow) => ordinal }, (after, limit) =>
    db.query(
      `select t.ordinal, t.document_id as id, t.document_name as name, d.media_type as "mediaType",
         d.metadata, t.status, o.output, o.task_id is not null as "hasOutput",
         case when t.status = 'FAILED' then
           jsonb_build_object('stage', t.error_stage, 'code', t.error_code, 'message', t.error_message) end as error
       from headway.task t join headway.job j on j.id = t.job_id join headway.document d on d.id = t.document_id
       left join lateral (
         select s.task_id, s.output from headway.stage_output s
         where s.stage = $2 and s.task_id = case when t.status <> 'SKIPPED' then t.id
           else coalesce(headway.kept_task(d.id, t.content_sha256, j.pipeline, j.pipeline_version,
             j.document_stages, j.options), d.content_task_id) end
       ) o on true
       where t.job_id = $1 and t.kind = 'DOCUMENT' and t.ordinal > $3 order by t.ordinal limit $4`,
      [jobId, stage, after, limit],
    ),
  );
  for await (const rows of pages) {
    for (const { ordinal: _, output, hasOutput, ...document } of rows) {
      if (stage === null || hasOutput) yield { document, output };
    }
  }
}
