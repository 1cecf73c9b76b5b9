import { randomUUID } from "node:crypto";
import path from "node:path";
import { HeadwayError, messageOf } from "../errors.js";
import type { ApiClient } from "./client.js";
import { withClient, type ClientOptions } from "./connection.js";
import { UsageError } from "./exit-codes.js";
import { isId, findCollection, lookUpCollection } from "./find.js";
import { counted, plain, say, sayJson, sayJsonLine, size } from "./print.js";
import { sendFiles } from "./send-files.js";
import { filesAt, type SubmitFile } from "./submit-files.js";
import { watchJob } from "./watch.js";

export interface SubmitOptions extends ClientOptions {
  readonly pipeline: string;
  /** A JSON object. */
  readonly options?: string;
  /** Name or id; a name that is new makes a collection. */
  readonly collection?: string;
  readonly tag?: readonly string[];
  readonly incremental?: boolean;
  readonly watch?: boolean;
}

/**
 * `headway submit [PATH…]`: files into a collection, the collection to a pipeline, and where asked, a watch. Without
 * files the collection goes as it is.
 */
export async function runSubmit(paths: readonly string[], options: SubmitOptions): Promise<void> {
  const pipelineOptions = parseOptions(options.options);
  if (paths.length === 0 && options.collection === undefined) {
    throw new UsageError("There is nothing to submit; name files or folders, or a collection with --collection.");
  }
  const files = paths.length === 0 ? [] : await filesAt(paths);
  await withClient(
    options,
    async (client) => {
      await assertPipeline(client, options.pipeline);
      const { id: collectionId, name } = await collectionFor(client, options.collection, paths);
      const { jobId, cursor } = await sendAndSubmit(client, { collectionId, name, files }, options, pipelineOptions);
      const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
      const result = { collectionId, collection: name, jobId, documents: files.length, sizeBytes, cursor };
      if (options.json) (options.watch ? sayJsonLine : sayJson)({ kind: "Submitted", ...result });
      else {
        const sent = `Sent ${counted(files.length, "document")} (${size(sizeBytes)}) to collection "${plain(name)}".`;
        say(files.length > 0 ? sent : `Nothing new was sent to collection "${plain(name)}".`);
        say(`Submitted job ${jobId} to pipeline ${options.pipeline}.`);
        if (!options.watch) say(`Watch it with: headway watch ${jobId} --after ${cursor}`);
      }
      if (options.watch) await watchJob(client, jobId, { after: cursor, json: options.json === true });
    },
    { reconnects: 0 },
  );
}

function parseOptions(text: string | undefined): Record<string, unknown> | null {
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below, like what is JSON and no object.
  }
  throw new UsageError(`--options is ${text}; it must be a JSON object, such as '{"language": "en"}'.`);
}

/** Before anything is sent: a wrong name must not leave a collection behind. */
async function assertPipeline(client: ApiClient, name: string): Promise<void> {
  const { pipelines } = await client.query<{ pipelines: { name: string }[] }>("{ pipelines { name } }");
  if (pipelines.some((pipeline) => pipeline.name === name)) return;
  const known = pipelines.map((pipeline) => pipeline.name).join(", ") || "none";
  throw new HeadwayError("UNKNOWN_PIPELINE", `There is no pipeline "${plain(name)}"; available are ${known}.`);
}

async function collectionFor(
  client: ApiClient,
  asked: string | undefined,
  paths: readonly string[],
): Promise<{ id: string; name: string }> {
  if (asked !== undefined && isId(asked)) {
    const id = await findCollection(client, asked);
    const { collection } = await client.query<{ collection: { name: string } }>(
      "query ($id: ID!) { collection(id: $id) { name } }",
      { id },
    );
    return { id, name: collection.name };
  }
  const name = asked ?? `${path.basename(path.resolve(paths[0]!))} ${new Date().toISOString()}`;
  const present = asked === undefined ? null : await lookUpCollection(client, asked);
  if (present !== null) return { id: present, name };
  // Without files a new collection would be empty: this says that there is none of that name.
  if (paths.length === 0) return { id: await findCollection(client, name), name };
  const { collection } = await client.mutate<{ collection: { id: string }; userErrors: [] }>(
    `mutation ($name: String!) {
       createCollection(input: { name: $name }) { collection { id } userErrors { code message } } }`,
    { name },
  );
  return { id: collection.id, name };
}

interface Sending {
  readonly collectionId: string;
  readonly name: string;
  readonly files: readonly SubmitFile[];
}

async function sendAndSubmit(
  client: ApiClient,
  { collectionId, name, files }: Sending,
  { pipeline, tag, incremental }: SubmitOptions,
  options: Record<string, unknown> | null,
): Promise<{ jobId: string; cursor: string }> {
  try {
    await sendFiles(client, collectionId, files);
    const { cursor } = await client.query<{ cursor: string }>(
      "query ($id: ID!) { cursor: streamCursor(collectionId: $id) }",
      { id: collectionId },
    );
    const { job } = await client.mutate<{ job: { id: string }; userErrors: [] }>(
      `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }`,
      {
        input: {
          collectionId,
          pipeline,
          tags: tag,
          idempotencyKey: randomUUID(),
          ...(options ? { options } : {}),
          ...(incremental ? { mode: "INCREMENTAL" } : {}),
        },
      },
    );
    return { jobId: job.id, cursor };
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== "string") throw error;
    const again = `Nothing was submitted. What has been sent is in collection "${plain(name)}"; continue with --collection ${collectionId}.`;
    throw new HeadwayError(code, `${messageOf(error)}\n${again}`);
  }
}
