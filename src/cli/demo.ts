import { startApp } from "../app.js";
import { loadConfig, type Config } from "../config.js";
import { createKey } from "../engine/keys.js";
import { DEFAULT_PROJECT_ID } from "../engine/projects.js";
import { HeadwayError } from "../errors.js";
import { createLogger } from "../logger.js";
import { ApiClient } from "./client.js";
import { withDatabase } from "./direct-database.js";
import { documentsAt, exampleDocuments, type DemoDocuments } from "./demo-documents.js";
import { createProgress, type Progress, type StageCount } from "./demo-progress.js";
import { onceStopped, stopInOrder } from "./serve.js";

/** Longer than anybody leaves a demo standing. */
const DEMO_LIFE_MS = 86_400_000;

interface Summary {
  readonly status: string;
  readonly durationMs: number;
  readonly counts: Record<string, number>;
  readonly errors: readonly { code: string; stage: string | null; count: number }[];
  readonly stages: readonly { stage: string; count: number; p50Ms: number; p95Ms: number }[];
}

/** `headway demo`: the main job from end to end, over the same API as any client. */
export async function runDemo(paths: string[], options: { once: boolean; limit: string }): Promise<void> {
  const limitBytes = Number(options.limit);
  if (!Number.isSafeInteger(limitBytes) || limitBytes < 1) {
    throw new HeadwayError(
      "INVALID_INPUT",
      `--limit is "${options.limit}"; it must be a whole number of bytes from 1.`,
    );
  }
  const found = paths.length > 0 ? await documentsAt(paths, limitBytes) : await exampleDocuments(limitBytes);
  if (found.documents.length === 0) {
    throw new HeadwayError(
      "NO_DOCUMENTS",
      `There is no file to process within --limit ${limitBytes}; name others or raise it.`,
    );
  }
  const settings = loadConfig();
  // A port that another Headway holds would end the demo before it began.
  const config = {
    ...settings,
    port: options.once ? 0 : settings.port,
    fileRoots: [...settings.fileRoots, ...found.roots],
  };
  const stopped = onceStopped();
  const app = await startApp(config, createLogger(config.logLevel === "info" ? "error" : config.logLevel));
  const client = new ApiClient(app.url, app.developmentKey ?? (await demoKey(config)));
  try {
    const presenting = present(client, app.url, found, options.once);
    const finished = await Promise.race([presenting, stopped.then(() => null)]);
    if (finished === null) {
      process.exitCode = 130;
      await client.close();
      await presenting.catch(() => undefined); // Cut off above; it only must not print any more.
    } else if (!options.once) {
      process.stdout.write("\nStill serving; stop with Ctrl-C.\n");
      await stopped;
    } else if (finished.status !== "COMPLETED" && finished.status !== "COMPLETED_WITH_ERRORS") process.exitCode = 1;
    await client.close();
    if (!options.once || finished === null) await stopInOrder(app);
    else await app.stop();
    if (options.once && finished) process.stdout.write(`${JSON.stringify(finished)}\n`);
  } finally {
    await app.stop();
  }
}

/** A key of the demo's own, on a database that is not embedded and has none for it. */
function demoKey(config: Config): Promise<string> {
  const grant = { projectId: DEFAULT_PROJECT_ID, name: "demo", role: "OPERATOR", lifeMs: DEMO_LIFE_MS } as const;
  return withDatabase(
    config,
    async (db) => (await createKey(db, { ...grant, scope: null, createdBy: "headway demo" })).key,
  );
}

async function present(client: ApiClient, url: string, found: DemoDocuments, once: boolean) {
  const sizeKb = Math.round(found.documents.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1000);
  process.stdout.write(
    `Processing ${found.documents.length} documents (${sizeKb} KB); ${found.leftOut} more files are left out by --limit.\n`,
  );
  const collectionId = await createCollection(client, found);
  const job = await submit(client, collectionId);
  await watch(client, job, found.documents.length);
  const settled = await client.query<{ job: { status: string; counts: Record<string, number>; summary: Summary } }>(
    `query ($id: ID!) { job(id: $id) { status counts { total completed failed cancelled skipped }
       summary { status durationMs errors { code stage count } stages { stage count p50Ms p95Ms } } } }`,
    { id: job.id },
  );
  const { status, counts, summary } = settled.job;
  printSummary(summary);
  const { chunks, searchHits } = await search(client, collectionId);
  if (!once) process.stdout.write(`\nPlayground  ${url}/playground\nAPI         ${url}/graphql\n`);
  return { jobId: job.id, status, counts, durationMs: Math.round(summary.durationMs), chunks, searchHits };
}

async function createCollection(client: ApiClient, { documents }: DemoDocuments): Promise<string> {
  const { collection } = await client.mutate<{ collection: { id: string }; userErrors: [] }>(
    `mutation ($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } userErrors { code message } } }`,
    { input: { name: `demo ${new Date().toISOString()}`, description: "What npm run demo processed." } },
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

interface Submitted {
  readonly id: string;
  readonly collectionId: string;
  /** Where the stream stood before the job was submitted. */
  readonly cursor: string;
}

async function submit(client: ApiClient, collectionId: string): Promise<Submitted> {
  const { streamCursor } = await client.query<{ streamCursor: string }>(
    `query ($id: ID!) { streamCursor(collectionId: $id) }`,
    { id: collectionId },
  );
  const { job } = await client.mutate<{ job: { id: string }; userErrors: [] }>(
    `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }`,
    { input: { collectionId, pipeline: "documents", tags: ["demo"] } },
  );
  return { id: job.id, collectionId, cursor: streamCursor };
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
async function watch(client: ApiClient, job: Submitted, documents: number): Promise<void> {
  const progress = createProgress(documents);
  try {
    await Promise.all([showProgress(client, job, progress), showFailures(client, job, progress)]);
  } finally {
    progress.end();
  }
}

async function showProgress(client: ApiClient, job: Submitted, progress: Progress): Promise<void> {
  const states = client.subscribe<{ jobProgress: { stageCounts: StageCount[] } }>(
    `subscription ($id: ID!) { jobProgress(jobId: $id) { stageCounts { stage queued running completed failed } } }`,
    { id: job.id },
  );
  for await (const { jobProgress } of states) progress.update(jobProgress.stageCounts);
}

/** The job's own end is the last change of its run, so nothing that failed comes behind it. */
async function showFailures(client: ApiClient, job: Submitted, progress: Progress): Promise<void> {
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

function printSummary({ status, durationMs, stages, errors }: Summary): void {
  const lines = [
    `\n${status} after ${(durationMs / 1000).toFixed(1)} s`,
    "",
    "  stage        count    p50 ms    p95 ms",
  ];
  for (const { stage, count, p50Ms, p95Ms } of stages) {
    lines.push(
      `  ${stage.padEnd(11)} ${String(count).padStart(6)} ${p50Ms.toFixed(1).padStart(9)} ${p95Ms.toFixed(1).padStart(9)}`,
    );
  }
  lines.push("", errors.length === 0 ? "  no errors" : "  errors");
  for (const { code, stage, count } of errors) lines.push(`  ${code} at ${stage ?? "?"}: ${count}`);
  process.stdout.write(`${lines.join("\n")}\n`);
}

const SEARCH = "how to retry failed work";

async function search(client: ApiClient, collectionId: string): Promise<{ chunks: number; searchHits: number }> {
  const result = await client.query<{
    collection: { chunkCount: number };
    search: { score: number; chunk: { text: string; document: { name: string } } }[];
  }>(
    `query ($id: ID!, $query: String!) { collection(id: $id) { chunkCount }
       search(collectionId: $id, query: $query, first: 5) { score chunk { text document { name } } } }`,
    { id: collectionId, query: SEARCH },
  );
  process.stdout.write(`\n  search "${SEARCH}" over ${result.collection.chunkCount} chunks\n`);
  for (const { score, chunk } of result.search) {
    const text = chunk.text.replace(/\s+/g, " ").slice(0, 90);
    process.stdout.write(`  ${score.toFixed(3)}  ${chunk.document.name}: ${text}\n`);
  }
  return { chunks: result.collection.chunkCount, searchHits: result.search.length };
}
