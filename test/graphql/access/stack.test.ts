import { PermanentError } from "../../../src/errors.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { keyBy } from "../../support/keys.js";

const failing = definePipeline({
  name: "failing",
  version: 1,
  documentStages: [
    {
      name: "open",
      maxAttempts: 1,
      run: async () => {
        throw new PermanentError("UNREADABLE", "It cannot be read.", {}, { cause: new Error("x".repeat(20_000)) });
      },
    },
  ],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([failing]);
  await api.rig.startWorker();
});
afterAll(() => api.close());

it("shows the stack of a task's error, at most 8,000 characters of it, to OPERATOR and ADMIN; not to VIEWER, nor to a page in a browser", async () => {
  const collectionId = await api.rig.collection(1);
  const jobId = await api.rig.submit("failing", 1, { collectionId });
  expect(await api.rig.settled(jobId)).toBe("FAILED");
  const { db } = api.rig;
  const stackFor = async (key: string): Promise<string | null> => {
    const answer = await api.send(
      `query ($id: ID!) { job(id: $id) { tasks(first: 1) { nodes { error { code stack } } } } }`,
      { id: jobId },
      key,
    );
    const [{ error }] = answer.data!.job.tasks.nodes;
    expect(error.code).toBe("UNREADABLE");
    return error.stack;
  };
  const stack = await stackFor(await keyBy(db, { role: "ADMIN" }));
  expect(stack).toMatch(/^PermanentError: It cannot be read\.\n {4}at [^]*stack\.test[^]*\ncaused by Error: xxx/);
  expect(stack).toHaveLength(8_000);
  expect(await stackFor(await keyBy(db, { role: "OPERATOR" }))).toBe(stack);
  expect(await stackFor(await keyBy(db, { role: "VIEWER" }))).toBeNull();
  const scope = { collectionId, jobId: null };
  expect(await stackFor(await keyBy(db, { role: "VIEWER", lifeMs: 60_000, scope }))).toBeNull();
  expect(await stackFor(await keyBy(db, { role: "OPERATOR", lifeMs: 60_000, scope }))).toBeNull();
});
