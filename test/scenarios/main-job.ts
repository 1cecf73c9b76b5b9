import { readdir } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ApiClient } from "../../src/cli/client.js";
import type { HeadwayProcess } from "../support/processes.js";
import { ROOT } from "../support/processes.js";
import { until } from "../support/until.js";

export const EXAMPLES = path.join(ROOT, "examples", "documents");
export const PIPELINES = path.join(ROOT, "examples", "pipelines");

interface Event {
  readonly id: string;
  readonly cursor: string;
  readonly entityId: string;
  readonly version: number;
  readonly toStatus: string;
}

interface HistoryPage {
  readonly statusChanges: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
}

/** Settings under which the scenario runs, beside where its database and its Redis are. */
export const SETTINGS = { HEADWAY_FILE_ROOTS: EXAMPLES, HEADWAY_PIPELINES: PIPELINES, HEADWAY_POLL_MS: "500" };

/**
 * The main job through the public door: a collection of the examples and one broken document goes through `documents`,
 * is watched, read, searched, retried; another is cancelled; a pipeline of one's own runs. The same for every shape of
 * deployment.
 */
export async function runMainJob({ url, key }: Pick<HeadwayProcess, "url" | "key">): Promise<void> {
  const api = new ApiClient(url, key);
  try {
    const collectionId = await collectionOf(api, "main", [
      ...(await readdir(EXAMPLES)).map((name) => ({ name, uri: pathToFileURL(path.join(EXAMPLES, name)).href })),
      { name: "broken.pdf", base64: Buffer.from("%PDF-1.7 this is no PDF at all").toString("base64") },
      { name: "empty.txt", text: "" },
    ]);
    const { streamCursor } = await api.query<{ streamCursor: string }>(
      `query ($id: ID!) { streamCursor(collectionId: $id) }`,
      { id: collectionId },
    );
    const events: Event[] = [];
    const stream = api.subscribe<{ statusChanges: Event }>(
      `subscription ($id: ID!, $after: String) { statusChanges(collectionId: $id, after: $after) {
         ... on StatusChange { id cursor entityId version toStatus } } }`,
      { id: collectionId, after: streamCursor },
    );
    const following = (async () => {
      for await (const { statusChanges } of stream) events.push(statusChanges);
    })();
    const jobId = await submit(api, collectionId, "documents");
    const states = await progressOf(api, jobId);
    expect(states.at(-1)).toMatchObject({ status: "COMPLETED_WITH_ERRORS", progress: 1 });
    expect(states.map(({ progress }) => progress)).toEqual(
      states.map(({ progress }) => progress).sort((a, b) => a - b),
    );
    await expectSettledJob(api, jobId);
    await expectSameHistory(api, collectionId, events);
    await expectReadable(api, collectionId);
    await retryAndExpectSecondRun(api, jobId);
    await expectSameHistory(api, collectionId, events);
    await stream.return?.();
    await following;
    await expectOwnPipeline(api, key);
  } finally {
    await api.close();
  }
}

export async function collectionOf(api: ApiClient, name: string, documents: readonly object[]): Promise<string> {
  const { collection } = await api.mutate<{ collection: { id: string }; userErrors: [] }>(
    `mutation ($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } userErrors { code message } } }`,
    { input: { name } },
  );
  await api.mutate(
    `mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { code message } } }`,
    { input: { collectionId: collection.id, documents } },
  );
  return collection.id;
}

export async function submit(
  api: ApiClient,
  collectionId: string,
  pipeline: string,
  more: object = {},
): Promise<string> {
  const { job } = await api.mutate<{ job: { id: string }; userErrors: [] }>(
    `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }`,
    { input: { collectionId, pipeline, ...more } },
  );
  return job.id;
}

/** All states that jobProgress gives, to its end. */
export async function progressOf(api: ApiClient, jobId: string): Promise<{ status: string; progress: number }[]> {
  const states: { status: string; progress: number }[] = [];
  for await (const { jobProgress } of api.subscribe<{ jobProgress: { status: string; progress: number } }>(
    `subscription ($id: ID!) { jobProgress(jobId: $id) { status progress } }`,
    { id: jobId },
  ))
    states.push(jobProgress);
  return states;
}

async function expectSettledJob(api: ApiClient, jobId: string): Promise<void> {
  const { job } = await api.query<{ job: Record<string, unknown> }>(
    `query ($id: ID!) { job(id: $id) { status stage finishedAt counts { total completed failed }
       summary { status output errors { code stage count } stages { stage count p50Ms } }
       collectionTask { status } collection { status } lastChange { reason toStatus }
       tasks(filter: { status: [FAILED] }) { nodes { documentName stage error { code stage retryable } stages { stage outcome } } } } }`,
    { id: jobId },
  );
  expect(job).toMatchObject({
    status: "COMPLETED_WITH_ERRORS",
    stage: null,
    counts: { total: 16, completed: 14, failed: 2 },
    collection: { status: "COMPLETED_WITH_ERRORS" },
    collectionTask: { status: "COMPLETED" },
    lastChange: { reason: "ALL_TASKS_SETTLED", toStatus: "COMPLETED_WITH_ERRORS" },
    summary: { status: "COMPLETED_WITH_ERRORS", output: { documents: 16, language: "eng" } },
  });
  expect(job.tasks).toMatchObject({
    nodes: [
      {
        documentName: "broken.pdf",
        stage: "parse",
        error: { code: "MALFORMED_DOCUMENT", stage: "parse", retryable: false },
        stages: [
          { stage: "download", outcome: "COMPLETED" },
          { stage: "validate", outcome: "COMPLETED" },
          { stage: "parse", outcome: "FAILED" },
        ],
      },
      { documentName: "empty.txt", stage: "validate", error: { code: "EMPTY_DOCUMENT" } },
    ],
  });
  const { stages } = job.summary as { stages: { stage: string; count: number }[] };
  expect(stages.map(({ stage, count }) => `${stage} ${count}`)).toEqual([
    "download 16",
    "validate 15",
    "parse 14",
    "chunk 14",
    "embed 14",
    "store 14",
    "describe 1",
    "graph 1",
  ]);
}

/** What came over the subscription is the history behind the cursor, each change once and in order. */
async function expectSameHistory(api: ApiClient, collectionId: string, events: readonly Event[]): Promise<void> {
  const history: string[] = [];
  for (let after: string | null = null; ;) {
    const page: HistoryPage = await api.query(
      `query ($id: ID!, $after: String) { statusChanges(first: 100, after: $after, filter: { collectionId: $id }) {
         nodes { id } pageInfo { hasNextPage endCursor } } }`,
      { id: collectionId, after },
    );
    const { nodes, pageInfo } = page.statusChanges;
    history.push(...nodes.map(({ id }) => id));
    if (!pageInfo.hasNextPage) break;
    after = pageInfo.endCursor;
  }
  const expected = history.slice(1); // The collection's birth is before the cursor.
  await until("the stream has given all changes", () => events.length >= expected.length);
  expect(events.map(({ id }) => id)).toEqual(expected);
}

async function expectReadable(api: ApiClient, collectionId: string): Promise<void> {
  const { collection, search } = await api.query<{
    collection: { chunkCount: number; embeddingCoverage: number; documents: { nodes: Record<string, unknown>[] } };
    search: { score: number; chunk: { text: string; document: { name: string } } }[];
  }>(
    `query ($id: ID!) { collection(id: $id) { chunkCount embeddingCoverage documents(filter: { nameContains: "leases.pdf" }) {
         nodes { mediaType sizeBytes sha256 metadata text(limit: 40) chunks { nodes { ordinal page hasEmbedding } } lastTask { status } } } }
       search(collectionId: $id, query: "renews it with every heartbeat", first: 3) { score chunk { text document { name } } } }`,
    { id: collectionId },
  );
  expect(collection.embeddingCoverage).toBe(1);
  expect(collection.chunkCount).toBeGreaterThanOrEqual(8);
  expect(collection.documents.nodes).toMatchObject([
    {
      mediaType: "application/pdf",
      sizeBytes: expect.any(Number),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      metadata: { pages: 1, title: "Leases and fences" },
      text: expect.stringContaining("Leases and fences"),
      lastTask: { status: "COMPLETED" },
    },
  ]);
  expect(search).toHaveLength(3);
  expect(search[0]!.chunk.text).toContain("heartbeat");
}

async function retryAndExpectSecondRun(api: ApiClient, jobId: string): Promise<void> {
  const { retriedTasks } = await api.mutate<{ retriedTasks: number; userErrors: [] }>(
    `mutation ($input: RetryJobInput!) { retryJob(input: $input) { retriedTasks userErrors { code message } } }`,
    { input: { jobId, errorCodes: ["EMPTY_DOCUMENT"], reason: "to see it fail again" } },
  );
  expect(retriedTasks).toBe(1);
  expect((await progressOf(api, jobId)).at(-1)).toMatchObject({ status: "COMPLETED_WITH_ERRORS" });
  const { job } = await api.query<{ job: { run: number; summary: { output: { documents: number } } } }>(
    `query ($id: ID!) { job(id: $id) { run summary { output } } }`,
    { id: jobId },
  );
  expect(job).toMatchObject({ run: 2, summary: { output: { documents: 16 } } });
}

async function expectOwnPipeline(api: ApiClient, key: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  const collectionId = await collectionOf(api, "words", [
    { name: "a", text: "one two two" },
    { name: "b", text: "three" },
  ]);
  const jobId = await submit(api, collectionId, "word-count", {
    options: { ignoreCase: false },
    idempotencyKey: "words",
  });
  expect((await progressOf(api, jobId)).at(-1)).toMatchObject({ status: "COMPLETED" });
  const { job } = await api.query<{ job: { summary: object; artifacts: { nodes: { name: string; url: string }[] } } }>(
    `query ($id: ID!) { job(id: $id) { summary { output } artifacts { nodes { name url mediaType sizeBytes } } } }`,
    { id: jobId },
  );
  expect(job.summary).toEqual({ output: { words: 4 } });
  expect(job.artifacts.nodes).toMatchObject([{ name: "total.json", mediaType: "application/json", sizeBytes: 11 }]);
  expect(await (await fetch(job.artifacts.nodes[0]!.url, { headers })).json()).toEqual({ words: 4 });
}
