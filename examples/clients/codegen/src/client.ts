// Typed operations and no client library: what a request takes and gives is known from its document alone.
//   npx tsc -p examples/clients/codegen
//   node examples/clients/codegen/dist/client.js --url http://127.0.0.1:4000 --key hw_…
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import { createClient } from "graphql-ws";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import WebSocket from "ws";
import {
  AddDocument,
  ChangesDocument,
  CreateDocument,
  CursorDocument,
  SubmitDocument,
  SummaryDocument,
  TasksDocument,
  type DocumentInput,
  type Status,
  type TasksQuery,
  type TaskStatus,
  type UserErrorCode,
} from "./operations.js";

const documents = JSON.parse(
  readFileSync(new URL("../../documents.json", import.meta.url), "utf8"),
) as readonly DocumentInput[];
const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:4000" },
    key: { type: "string" },
    pipeline: { type: "string", default: "documents" },
    name: { type: "string", default: `letters ${new Date().toISOString()}` },
  },
});
const endpoint = new URL("/graphql", values.url).href;
const authorization: { authorization?: string } =
  values.key === undefined ? {} : { authorization: `Bearer ${values.key}` };
const socket = createClient({
  url: endpoint.replace(/^http/, "ws"),
  webSocketImpl: WebSocket,
  connectionParams: authorization,
});

/** Sends the operation; its types come with its document. @throws with the first error's message */
async function send<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/json", ...authorization },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const answer = (await response.json()) as { data?: Data | null; errors?: { message: string }[] };
  if (answer.errors?.[0]) throw new Error(answer.errors[0].message);
  return answer.data!;
}

/** The payload, when the mutation was done. @throws with the first user error's code and message */
function done<Payload extends { userErrors: { code: UserErrorCode; message: string }[] }>(payload: Payload): Payload {
  const [first] = payload.userErrors;
  if (first) throw new Error(`${first.code}: ${first.message}`);
  return payload;
}

const SETTLED: readonly Status[] = ["COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELLED"];

/** The stream of an operation; its types come with its document. @throws with the first error's message */
async function* listen<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): AsyncGenerator<Data> {
  for await (const { data, errors } of socket.iterate<Data>({ query: print(document), variables })) {
    if (errors?.[0]) throw new Error(errors[0].message);
    if (data) yield data;
  }
}

/** Follows the job until it is settled; returns how many changes came. */
async function follow(jobId: string, after: string): Promise<number> {
  let received = 0;
  for await (const { statusChanges: event } of listen(ChangesDocument, { jobId, after })) {
    // After a gap an app reads its lists again, then goes on from there; this one has none to read.
    if (event.__typename === "StreamGap") return received + (await follow(jobId, event.resumeAt));
    received += 1;
    if (event.entityType === "JOB" && SETTLED.includes(event.toStatus)) return received;
  }
  throw new Error("The stream ended before the job did.");
}

async function example(): Promise<object> {
  const { collection } = done((await send(CreateDocument, { input: { name: values.name } })).createCollection);
  const collectionId = collection!.id;
  done((await send(AddDocument, { input: { collectionId, documents: [...documents] } })).addDocuments);
  // Taken before the submit, so that the stream from here has every change of the job, from its first.
  const { streamCursor } = await send(CursorDocument, { collectionId });
  const { pipeline } = values;
  const { job } = done((await send(SubmitDocument, { input: { collectionId, pipeline } })).submitJob);
  const jobId = job!.id;
  const received = await follow(jobId, streamCursor);

  const settled = (await send(SummaryDocument, { jobId })).job!;
  const pages: [string | null, TaskStatus][][] = [];
  for (let after: string | null | undefined; after !== null;) {
    const read: TasksQuery = await send(TasksDocument, { jobId, first: 3, after });
    const { edges, pageInfo } = read.job!.tasks;
    pages.push(edges.map(({ node }) => [node.documentName, node.status]));
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  }
  const { total, completed, failed } = settled.summary!.counts;
  const errors = settled.summary!.errors.map(({ code, stage, count }) => [code, stage, count]);
  return {
    client: "codegen",
    collectionId,
    jobId,
    status: settled.status,
    changes: { received },
    summary: { total, completed, failed, errors },
    pages: pages.map((page) => page.length),
    tasks: pages.flat(),
  };
}

try {
  console.log(JSON.stringify(await example()));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await socket.dispose();
}
