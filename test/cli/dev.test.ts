import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ApiClient } from "../../src/cli/client.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { keyIn } from "../support/keys.js";
import { until } from "../support/until.js";
import { headway, MAIN } from "./site.js";

/** Of the version given; its first waits forever, the others don't. */
const pipeline = (version: number): string => `import { pipeline } from "headway-api";
export default pipeline({ name: "changing", version: ${version} })
  .document("wait", { run: async (ctx) => {
    if (${version} === 1) await new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));
    return { by: ${version}, attempt: ctx.attempt };
  } })
  .build();
`;

let folder: string;
let database: TestDatabase;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-dev-"));
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

test("headway dev without pipelines of one's own says what to name", async () => {
  const { code, stderr } = await headway(["dev"]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("HEADWAY_PIPELINES is not set") });
});

test("headway dev starts anew when a pipeline changes, gives back what ran, and waits out a broken one", async () => {
  const file = path.join(folder, "changing.mjs");
  await writeFile(file, pipeline(1));
  const child = spawn(process.execPath, [MAIN, "dev"], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATABASE_URL: database.url,
      HEADWAY_DATA_DIR: path.join(folder, ".headway"),
      HEADWAY_PIPELINES: folder,
      HEADWAY_PORT: "0",
      HEADWAY_EMBEDDER: "hash",
      HEADWAY_POLL_MS: "200",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const gone = new Promise<number | null>((resolve) => child.once("close", resolve));
  let said = "";
  child.stdout.on("data", (part: Buffer) => (said += part.toString()));
  child.stderr.on("data", (part: Buffer) => (said += part.toString()));
  const key = await keyIn(database.url);
  /** Once this version serves. */
  const serving = async (version: number): Promise<ApiClient> => {
    await until(`version ${version} is served`, () => {
      if (child.exitCode !== null) throw new Error(`It ended:\n${said}`);
      const last = said.slice(said.lastIndexOf("Headway is ready"));
      return last.includes(`changing ${version} (${file})`) && last.includes("Stop with Ctrl-C");
    });
    return new ApiClient([...said.matchAll(/(http:\/\/[^/\s]+)\/graphql/g)].at(-1)![1]!, key);
  };

  let client = await serving(1);
  const { createCollection } = await client.query<any>(
    `mutation { createCollection(input: { name: "dev" }) { collection { id } } }`,
  );
  const collectionId = createCollection.collection.id as string;
  await client.query<any>(
    `mutation ($id: ID!) { addDocuments(input: { collectionId: $id, documents: [{ name: "a.txt", text: "a" }] }) { userErrors { message } } }`,
    { id: collectionId },
  );
  const { submitJob } = await client.query<any>(
    `mutation ($id: ID!) { submitJob(input: { collectionId: $id, pipeline: "changing" }) { job { id } } }`,
    { id: collectionId },
  );
  const task = async (): Promise<any> =>
    (
      await client.query<any>(
        `query ($id: ID!) { job(id: $id) { tasks(first: 1) { nodes { status attempt pipelineVersion history(first: 50) { nodes { reason } } } } } }`,
        { id: submitJob.job.id },
      )
    ).job.tasks.nodes[0];
  await until("the task runs", async () => (await task()).status === "RUNNING");

  await writeFile(file, "export default {");
  await until("the broken one is told", () => said.includes("is started again when a file changes"));
  expect(said).toContain(`${file} has changed; restarting.`);
  expect(said).toContain(`${file} can't be loaded as a pipeline`);

  await writeFile(file, pipeline(2));
  client = await serving(2);
  await until("the task is done by the new version", async () => (await task()).status === "COMPLETED");
  const done = await task();
  expect(done).toMatchObject({ pipelineVersion: 2, attempt: 1 });
  expect(done.history.nodes.map(({ reason }: { reason: string }) => reason)).toContain("INTERRUPTED");

  child.kill("SIGINT");
  expect(await gone).toBe(0);
  expect(said.match(/^Stopped\.$/gm)).toHaveLength(2);
});
