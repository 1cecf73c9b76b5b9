import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { ApiClient } from "../../src/cli/client.js";
import { createEmptyDatabase, type TestDatabase } from "../support/database.js";
import { ROOT, startHeadway, type HeadwayProcess } from "../support/processes.js";
import { startRedis, type TestRedis } from "../support/redis.js";
import { layOutImage, type Image } from "./image.js";

const run = promisify(execFile);

let image: Image;
let database: TestDatabase;
let redis: TestRedis;
let dataDir: string;
let services: Record<
  string,
  { command: string[]; environment: Record<string, string>; scale?: number; healthcheck: { test: string[] } }
>;
const started: HeadwayProcess[] = [];

beforeAll(async () => {
  [image, database, redis, dataDir] = await Promise.all([
    layOutImage(),
    createEmptyDatabase(),
    startRedis(),
    mkdtemp(path.join(tmpdir(), "headway-production-")),
  ]);
  ({ services } = parse(await readFile(path.join(ROOT, "docker-compose.yml"), "utf8"), { merge: true }));
});
afterAll(async () => {
  await Promise.all(started.map((process) => process.kill()));
  await redis.stop();
  await database.drop();
  await Promise.all([image.remove(), rm(dataDir, { recursive: true, force: true })]);
});

/** The service's own environment, with the hosts and the volume of this machine in the place of the containers'. */
function environmentOf(name: string): Record<string, string> {
  const here: Record<string, string> = {
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    HEADWAY_DATA_DIR: dataDir,
    HEADWAY_HOST: "127.0.0.1",
    HEADWAY_PORT: "0",
    HEADWAY_LOG_LEVEL: "warn",
  };
  const own = Object.entries(services[name]!.environment).map(([key, value]) => [
    key,
    value.replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1"),
  ]);
  return { ...Object.fromEntries(own), ...here };
}

/** One after the other: each has the machine to itself while it loads. */
async function startAll(name: string): Promise<HeadwayProcess[]> {
  const { scale = 1, command } = services[name]!;
  // What startHeadway runs in the image's folder is what a container runs.
  expect(image.commandLine(command).slice(1)).toEqual([
    "--enable-source-maps",
    path.join(image.folder, "dist", "src", "cli", "main.js"),
    "start",
  ]);
  const before = started.length;
  for (let i = 0; i < scale; i += 1) started.push(await startHeadway(environmentOf(name), image.folder));
  return started.slice(before);
}

/** As Docker asks: the service's own command, at this process's port. */
async function isHealthy(name: string, { url }: HeadwayProcess): Promise<boolean> {
  const [, , ...args] = services[name]!.healthcheck.test;
  const command = args.map((part) => part.replace("http://127.0.0.1:4000", url));
  return run(process.execPath, command).then(
    () => true,
    () => false,
  );
}

test("the image's commands migrate, serve twice and work thrice: a job goes in at one API and is read at the other", async () => {
  const [node, ...migrate] = image.commandLine(services.migrate!.command);
  const env = { PATH: process.env.PATH, ...environmentOf("migrate") };
  const first = await run(node!, migrate, { env });
  expect(first.stdout).toMatch(/^Migrated: migrations\/0001_baseline\.sql, /);
  expect((await run(node!, migrate, { env })).stdout).toMatch(/^Up to date: nothing to migrate\.\n$/);

  const apis = await startAll("api");
  const workers = await startAll("worker");
  expect([apis.length, workers.length]).toEqual([2, 3]);
  expect(await Promise.all(apis.map((each) => isHealthy("api", each)))).toEqual([true, true]);
  expect(await Promise.all(workers.map((each) => isHealthy("worker", each)))).toEqual([true, true, true]);
  const gone = { ...apis[0]!, url: "http://127.0.0.1:1" };
  expect(await isHealthy("api", gone)).toBe(false);

  const [one, other] = apis.map(({ url, key }) => new ApiClient(url, key)) as [ApiClient, ApiClient];
  const { collection } = await one.mutate<{ collection: { id: string }; userErrors: [] }>(
    `mutation { createCollection(input: { name: "production" }) { collection { id } userErrors { code message } } }`,
    {},
  );
  const documents = Array.from({ length: 30 }, (_, i) => ({ name: `${i}.txt`, text: `Letter ${i} to everybody.` }));
  await one.mutate(
    `mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { code message } } }`,
    { input: { collectionId: collection.id, documents } },
  );
  const { job } = await one.mutate<{ job: { id: string }; userErrors: [] }>(
    `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }`,
    { input: { collectionId: collection.id, pipeline: "documents" } },
  );
  const { uploads } = await one.mutate<{ uploads: { url: string }[]; userErrors: [] }>(
    `mutation { createUploads(input: { files: [{ name: "a", sizeBytes: 1 }] }) { uploads { url } userErrors { code message } } }`,
    {},
  );
  expect(uploads[0]!.url).toMatch(/^http:\/\/127\.0\.0\.1:4000\/uploads\//);
  const states: string[] = [];
  const progress = other.subscribe<{ jobProgress: { status: string } }>(
    "subscription ($id: ID!) { jobProgress(jobId: $id) { status } }",
    { id: job.id },
  );
  for await (const { jobProgress } of progress) states.push(jobProgress.status);
  expect(states.at(-1)).toBe("COMPLETED");
  const seen = await other.query<any>(
    `query ($id: ID!) { job(id: $id) { counts { total completed } tasks(first: 100) { nodes { history(first: 100) {
       nodes { reason actor { name } } } } } } workers { id status } }`,
    { id: job.id },
  );
  expect(seen.job.counts).toEqual({ total: 30, completed: 30 });
  expect(seen.workers.map(({ status }: any) => status)).toEqual(["RUNNING", "RUNNING", "RUNNING"]);
  const claims = seen.job.tasks.nodes.flatMap(({ history }: any) =>
    history.nodes.filter(({ reason }: any) => reason === "CLAIMED").map(({ actor }: any) => actor.name),
  );
  expect(seen.workers.map(({ id }: any) => `worker:${id}`)).toEqual(expect.arrayContaining([...new Set(claims)]));
  await Promise.all([one.close(), other.close()]);
  expect(await Promise.all(started.map((process) => process.stop()))).toEqual([0, 0, 0, 0, 0]);
});
