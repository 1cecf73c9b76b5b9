import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ApiClient } from "../../src/cli/client.js";
import { collectionOf, progressOf, submit } from "../scenarios/main-job.js";
import { startHeadway, type HeadwayProcess } from "../support/processes.js";
import { until } from "../support/until.js";
import { bombs } from "./bombs.js";
import { isIdle } from "./idle.js";

interface Outcome {
  readonly documentName: string;
  readonly status: string;
  readonly crashes: number;
  readonly error: { readonly code: string; readonly stage: string; readonly message: string } | null;
  readonly stages: readonly { readonly stage: string; readonly durationMs: number }[];
}

const BOMBS = bombs();
let folder: string;
let headway: HeadwayProcess;
let api: ApiClient;
const outcomes = new Map<string, Outcome>();

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-bombs-"));
  await mkdir(path.join(folder, "files"));
  for (const { name, bytes } of BOMBS) await writeFile(path.join(folder, "files", name), bytes);
  headway = await startHeadway({
    HEADWAY_DATA_DIR: path.join(folder, "data"),
    HEADWAY_FILE_ROOTS: path.join(folder, "files"),
  });
  api = new ApiClient(headway.url, headway.key);
  const collectionId = await collectionOf(
    api,
    "bombs",
    BOMBS.map(({ name }) => ({ name, uri: pathToFileURL(path.join(folder, "files", name)).href })),
  );
  const jobId = await submit(api, collectionId, "documents", { options: { graph: false } });
  await progressOf(api, jobId);
  const { job } = await api.query<{ job: { tasks: { nodes: Outcome[] } } }>(
    `query ($id: ID!) { job(id: $id) { tasks(first: 100) { nodes { documentName status crashes
       error { code stage message } stages { stage durationMs } } } } }`,
    { id: jobId },
  );
  for (const outcome of job.tasks.nodes) outcomes.set(outcome.documentName, outcome);
  if (process.env.HEADWAY_TEST_SHOW)
    for (const { documentName, status, error, stages } of job.tasks.nodes)
      process.stderr.write(`${documentName}: ${status} ${error?.code} ${JSON.stringify(stages)} ${error?.message}\n`);
});
afterAll(async () => {
  await api.close();
  await headway.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("H3: a small file that would be a large one", () => {
  test.each(BOMBS.map((bomb) => [bomb.name, bomb] as const))(
    "%s is stopped by a limit, which its error names",
    (name, { verdict }) => {
      const { status, error, crashes } = outcomes.get(name)!;
      if (status !== "COMPLETED" || verdict.source !== ".") {
        expect({ status, stage: error?.stage, code: error?.code }).toEqual({
          status: "FAILED",
          stage: expect.stringMatching(/^(validate|parse)$/),
          code: expect.stringMatching(verdict),
        });
        expect(error!.message.length).toBeGreaterThan(20);
      }
      expect(crashes).toBe(0);
    },
  );

  test("leaves its worker alive: the next document goes through", async () => {
    const collectionId = await collectionOf(api, "after the bombs", [{ name: "good.txt", text: "All is well." }]);
    const states = await progressOf(api, await submit(api, collectionId, "documents"));
    expect(states.at(-1)).toMatchObject({ status: "COMPLETED" });
    const { doctor } = await api.query<{ doctor: unknown[] }>("{ doctor { invariant detail } }");
    expect(doctor).toEqual([]);
    await until("the one worker is alive and has nothing more to do", () => isIdle(api));
  });
});
