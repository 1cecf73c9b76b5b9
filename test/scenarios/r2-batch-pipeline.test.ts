import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ApiClient } from "../../src/cli/client.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { startHeadway, type HeadwayProcess } from "../support/processes.js";
import { until } from "../support/until.js";
import { collectionOf, progressOf, submit } from "./main-job.js";

const FILES = [
  { name: "a.txt", text: "Total: 12.50" },
  { name: "b.txt", text: "Total: 7.25" },
  { name: "empty.txt", text: "" },
  { name: "c.txt", text: "Total: none" },
];

let database: TestDatabase;
let dataDir: string;
let server: HeadwayProcess;
let api: ApiClient;
const started: HeadwayProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), "headway-real-batch-"));
  server = await process({ HEADWAY_ROLES: "api,reconciler", HEADWAY_SWEEP_MS: "300" });
  api = new ApiClient(server.url, server.key);
});
afterAll(async () => {
  await api.close();
  await Promise.all(started.map((one) => one.kill()));
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

async function process(settings: Record<string, string>): Promise<HeadwayProcess> {
  const made = await startHeadway({
    DATABASE_URL: database.url,
    HEADWAY_DATA_DIR: dataDir,
    HEADWAY_LEASE_MS: "1500",
    HEADWAY_HEARTBEAT_MS: "400",
    HEADWAY_POLL_MS: "300",
    ...settings,
  });
  started.push(made);
  return made;
}

const JOB = `query ($id: ID!) { job(id: $id) { status counts { total completed failed } collectionTask { status stage }
  summary { output errors { code stage count } } artifacts { nodes { name } } } doctor { invariant } }`;

test("a worker killed behind the last file of a real batch leaves a batch that ends with its summary and its table", async () => {
  // Four stages of three files, two of the empty one: the fifteenth stage to begin is the batch's own.
  const dying = await process({
    HEADWAY_ROLES: "worker",
    HEADWAY_WORKER_PROCESSES: "0",
    HEADWAY_CONCURRENCY: "1",
    HEADWAY_FAILPOINT: "stage.before_run:kill9@15",
  });
  const options = { fields: { total: { label: "Total", type: "number" } } };
  const id = await submit(api, await collectionOf(api, "real batch", FILES), "batch", { options });
  await until("the worker is dead", () => dying.child.signalCode === "SIGKILL");
  const { job: left } = await api.query<{ job: any }>(JOB, { id });
  expect(left).toMatchObject({ status: "PROCESSING", counts: { total: 4, completed: 3, failed: 1 }, summary: null });
  expect(left.collectionTask).toEqual({ status: "RUNNING", stage: "aggregate" });

  await process({ HEADWAY_ROLES: "worker" });
  await progressOf(api, id);
  const { job, doctor } = await api.query<{ job: any; doctor: unknown[] }>(JOB, { id });
  expect(doctor).toEqual([]);
  expect(job).toMatchObject({
    status: "COMPLETED_WITH_ERRORS",
    summary: {
      output: {
        files: 4,
        byStatus: { COMPLETED: 3, FAILED: 1 },
        fields: { total: { files: 2, sum: 19.75, min: 7.25, max: 12.5 } },
      },
      errors: [{ code: "EMPTY_DOCUMENT", stage: "validate", count: 1 }],
    },
  });
  expect(job.artifacts.nodes.map(({ name }: { name: string }) => name).sort()).toEqual(["batch.csv", "batch.json"]);
});
