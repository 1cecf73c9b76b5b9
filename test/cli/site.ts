import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ApiClient } from "../../src/cli/client.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { ROOT, startHeadway, type HeadwayProcess } from "../support/processes.js";

export const MAIN = path.join(ROOT, "dist", "src", "cli", "main.js");

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `headway` with these arguments and nothing but these settings; `started` gets its process and output as it comes. */
export function headway(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  onOutput: (child: ChildProcess, stdout: string) => void = () => undefined,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (part: Buffer) => {
      stdout += part.toString();
      onOutput(child, stdout);
    });
    child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** A server with the pipeline `letters`, a folder of files to submit, and the command line pointed at it. */
export interface Site {
  readonly server: HeadwayProcess;
  readonly folder: string;
  readonly database: TestDatabase;
  /** What commands need to reach the server. */
  readonly settings: Readonly<Record<string, string>>;
  /** Runs a command against the server. */
  run(...args: readonly string[]): Promise<Ended>;
  /** The same with --json; fails with its output unless it ended with 0. */
  json(...args: readonly string[]): Promise<any>;
  readonly client: ApiClient;
  /** A job of one letter of each text, in the collection of that name; settled, unless it waits at a gate. */
  submit(collection: string, texts: readonly string[], gate?: string): Promise<string>;
  write(name: string, content: string | Buffer): Promise<string>;
  close(): Promise<void>;
}

export async function createSite(): Promise<Site> {
  const database = await createTestDatabase();
  const folder = await mkdtemp(path.join(tmpdir(), "headway-cli-"));
  const server = await startHeadway({
    DATABASE_URL: database.url,
    HEADWAY_DATA_DIR: path.join(folder, ".headway"),
    HEADWAY_PIPELINES: fileURLToPath(new URL("./pipelines/", import.meta.url)),
    HEADWAY_POLL_MS: "200",
  });
  const client = new ApiClient(server.url, server.key);
  const settings = {
    HEADWAY_URL: server.url,
    HEADWAY_KEY: server.key,
    HEADWAY_DATA_DIR: path.join(folder, ".headway"),
  };
  return {
    server,
    folder,
    database,
    settings,
    run: (...args) => headway(args, settings),
    async json(...args) {
      const ended = await headway([...args, "--json"], settings);
      if (ended.code !== 0) throw new Error(`headway ${args.join(" ")} ended with ${ended.code}: ${ended.stderr}`);
      return JSON.parse(ended.stdout);
    },
    client,
    submit: (collection, texts, gate) => submit(client, collection, texts, gate),
    async write(name, content) {
      const file = path.join(folder, name);
      await writeFile(file, content);
      return file;
    },
    async close() {
      await client.close();
      await server.kill();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const SETTLED = ["COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED"];
type Made<Name extends string> = Record<Name, { readonly id: string }> & { userErrors: [] };

async function submit(api: ApiClient, name: string, texts: readonly string[], gate?: string): Promise<string> {
  const { present } = await api.query<{ present: { id: string } | null }>(
    "query ($name: String!) { present: collectionByName(name: $name) { id } }",
    { name },
  );
  const create = `mutation ($name: String!) {
    createCollection(input: { name: $name }) { collection { id } userErrors { code message } } }`;
  const { id: collectionId } = present ?? (await api.mutate<Made<"collection">>(create, { name })).collection;
  const documents = texts.map((text, i) => ({ name: `${name}-${i}.txt`, text }));
  await api.mutate(
    `mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { code message } } }`,
    { input: { collectionId, documents } },
  );
  const { job } = await api.mutate<Made<"job">>(
    `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }`,
    { input: { collectionId, pipeline: "letters", options: { gate: gate ?? null } } },
  );
  if (gate === undefined) {
    const progress = "subscription ($id: ID!) { jobProgress(jobId: $id) { status } }";
    let status = "";
    for await (const { jobProgress } of api.subscribe<{ jobProgress: { status: string } }>(progress, { id: job.id })) {
      status = jobProgress.status;
    }
    if (!SETTLED.includes(status)) throw new Error(`Job ${job.id} was left ${status}`);
  }
  return job.id;
}
