import { HeadwayError } from "../../errors.js";
import type { ApiClient } from "../client.js";
import type { DemoDocuments } from "./example-documents.js";
import { createProgress, type Progress, type StageProgress } from "../progress.js";

/** One of the demos: what goes in, and what is shown of what comes out. */
export interface Demo {
  readonly pipeline: string;
  readonly options: object;
  readonly found: DemoDocuments;
  /** Shows what the pipeline made of it; returns what the last line of `--once` says beside the job's own. */
  show(end: DemoEnd): Promise<object>;
}

/** A demo's job that is settled. */
export interface DemoEnd {
  readonly client: ApiClient;
  readonly collectionId: string;
  readonly jobId: string;
  readonly summary: Summary;
  /** Where files may be left for the user to open. */
  readonly folder: string;
}

export interface Summary {
  readonly status: string;
  readonly durationMs: number;
  /** What the last collection stage returned; null where none completed. */
  readonly output: unknown;
  readonly errors: readonly { code: string; stage: string | null; count: number }[];
  readonly stages: readonly { stage: string; count: number; p50Ms: number; p95Ms: number }[];
}

export interface DemoJob {
  readonly status: string;
  readonly counts: Readonly<Record<"total" | "completed" | "failed" | "cancelled" | "skipped", number>>;
  readonly summary: Summary | null;
}

export interface SubmittedDemo {
  readonly id: string;
  readonly collectionId: string;
  /** Where the stream stood before the job was submitted. */
  readonly cursor: string;
}

/** Makes a collection of the demo's documents and submits it. */
export async function submitDemo(client: ApiClient, { pipeline, options, found }: Demo): Promise<SubmittedDemo> {
  const collectionId = await createCollection(client, pipeline, found);
  const { streamCursor } = await client.query<{ streamCursor: string }>(
    `query ($id: ID!) { streamCursor(collectionId: $id) }`,
    { id: collectionId },
  );
  const { job } = await client.mutate<{ job: { id: string }; userErrors: [] }>(
    `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }`,
    { input: { collectionId, pipeline, options, tags: ["demo"] } },
  );
  return { id: job.id, collectionId, cursor: streamCursor };
}

async function createCollection(client: ApiClient, pipeline: string, { documents }: DemoDocuments): Promise<string> {
  const { collection } = await client.mutate<{ collection: { id: string }; userErrors: [] }>(
    `mutation ($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } userErrors { code message } } }`,
    {
      input: {
        name: `${pipeline} demo of ${new Date().toISOString().slice(0, 19).replace("T", ", ")} UTC`,
        description: "What the demo processed.",
      },
    },
  );
  for (let start = 0; start < documents.length; start += 500) {
    await client.mutate(
      `mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { code message } } }`,
      {
        input: {
          collectionId: collection.id,
          documents: documents.slice(start, start + 500).map(({ name, uri }) => ({ name, uri })),
        },
      },
    );
  }
  return collection.id;
}

/** The job as it stands. Its summary is null until it is settled. */
export async function readDemoJob(client: ApiClient, id: string): Promise<DemoJob> {
  const { job } = await client.query<{ job: DemoJob }>(
    `query ($id: ID!) { job(id: $id) { status counts { total completed failed cancelled skipped }
       summary { status durationMs output errors { code stage count } stages { stage count p50Ms p95Ms } } } }`,
    { id },
  );
  return job;
}

const SETTLED = ["COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELLED"];

interface ChangeEvent {
  readonly entityType?: string;
  readonly toStatus?: string;
  readonly fromStage?: string;
  readonly message?: string;
  readonly taskId?: string;
}

/** Follows the job on both subscriptions until it is settled. @throws {HeadwayError} when they end before */
export async function watchDemo(client: ApiClient, job: SubmittedDemo, documents: number): Promise<void> {
  const progress = createProgress(documents);
  try {
    await Promise.all([showProgress(client, job, progress), showFailures(client, job, progress)]);
  } finally {
    progress.end();
  }
}

async function showProgress(client: ApiClient, job: SubmittedDemo, progress: Progress): Promise<void> {
  const states = client.subscribe<{ jobProgress: { stageCounts: StageProgress[] } }>(
    `subscription ($id: ID!) { jobProgress(jobId: $id) { stageCounts { stage queued running completed failed } } }`,
    { id: job.id },
  );
  for await (const { jobProgress } of states) progress.update(jobProgress.stageCounts);
}

/** The job's own end is the last change of its run, so nothing that failed comes behind it. */
async function showFailures(client: ApiClient, job: SubmittedDemo, progress: Progress): Promise<void> {
  const changes = client.subscribe<{ statusChanges: ChangeEvent }>(
    `subscription ($id: ID!, $after: String) { statusChanges(jobId: $id, after: $after) {
       ... on StatusChange { entityType toStatus fromStage message taskId } } }`,
    { id: job.id, after: job.cursor },
  );
  for await (const { statusChanges: change } of changes) {
    if (change.entityType === "JOB" && SETTLED.includes(change.toStatus ?? "")) return;
    if (change.toStatus !== "FAILED" || !change.taskId) continue;
    const { task } = await client.query<{ task: { documentName: string | null } }>(
      `query ($id: ID!) { task(id: $id) { documentName } }`,
      { id: change.taskId },
    );
    progress.failed(task.documentName ?? "the collection", change.fromStage ?? "?", change.message ?? "");
  }
  throw new HeadwayError("STREAM_ENDED", `The stream of job ${job.id} ended before the job did.`);
}
