import { z } from "zod";
import { deleteCollection } from "../../../src/engine/expiry/expire.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { ACTOR } from "../../support/engine.js";

const plain = definePipeline({
  name: "plain",
  version: 1,
  options: z.object({ size: z.number().default(1), name: z.string().optional() }),
  documentStages: [{ name: "do", run: async () => null }],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([plain]);
  await api.rig.startWorker({ pollMs: 50 });
});
afterAll(() => api.close());

interface Payload {
  readonly job: { id: string; status: string } | null;
  readonly deduplicated: boolean;
  readonly userErrors: { code: string; path: string[] | null }[];
}
async function submit(input: Record<string, unknown>): Promise<Payload> {
  const { data, errors } = await api.send(
    "mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id status } deduplicated userErrors { code path } } }",
    { input: { pipeline: "plain", ...input } },
  );
  expect(errors).toEqual([]);
  return data!.submitJob;
}
const jobsOf = async (collectionId: string): Promise<number> =>
  (await api.rig.db.query("select count(*)::int as n from headway.job where collection_id = $1", [collectionId]))[0].n;

test("tags and options that can't be kept are refused as what they are", async () => {
  const collectionId = await api.rig.collection(1);
  expect((await submit({ collectionId, tags: ["a\u0000"] })).userErrors).toMatchObject([{ code: "INVALID_INPUT" }]);
  const { errors } = await api.send("mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } } }", {
    input: { collectionId, pipeline: "plain", options: { name: "a\u0000" } },
  });
  expect(errors).toMatchObject([
    { extensions: { code: "BAD_USER_INPUT" }, message: expect.stringContaining("input.options") },
  ]);
});

describe("a key of a submit", () => {
  test("gives the same job forever: while it is open, when it is settled, and when the collection has expired", async () => {
    const collectionId = await api.rig.collection(1);
    const input = { collectionId, idempotencyKey: "forever", runAt: new Date(Date.now() + 200).toISOString() };
    const first = await submit(input);
    expect(first).toMatchObject({ deduplicated: false, userErrors: [] });
    const again = { job: { id: first.job!.id }, deduplicated: true, userErrors: [] };
    expect(await submit(input)).toMatchObject(again);
    await api.rig.settled(first.job!.id);
    expect(await submit(input)).toMatchObject({ ...again, job: { id: first.job!.id, status: "COMPLETED" } });
    await deleteCollection(api.rig.deps, ACTOR, { collectionId });
    expect(await submit(input)).toMatchObject(again);
    expect(await jobsOf(collectionId)).toBe(1);
  });

  test("is looked at before anything else of the request", async () => {
    const collectionId = await api.rig.collection(1);
    const { job } = await submit({ collectionId, idempotencyKey: "first of all" });
    // Nothing of this could be submitted now, but what it says first is that the key is another request's.
    for (const wrong of [{ pipeline: "unknown" }, { options: { size: "x" } }, { priority: 1_000 }, { tags: [""] }]) {
      expect(await submit({ collectionId, idempotencyKey: "first of all", ...wrong })).toEqual({
        job: null,
        deduplicated: false,
        userErrors: [{ code: "IDEMPOTENCY_CONFLICT", path: ["input", "idempotencyKey"] }],
      });
    }
    await api.rig.settled(job!.id);
  });

  test.each([
    ["an option", { options: { size: 2 } }],
    ["a priority", { priority: 1 }],
    ["a tag", { tags: ["other"] }],
    ["a mode", { mode: "INCREMENTAL" }],
    ["a time", { runAt: "2030-01-01T00:00:00Z" }],
  ])("is in conflict with a request that differs in %s", async (what, change) => {
    const collectionId = await api.rig.collection(1);
    await submit({ collectionId, idempotencyKey: what });
    expect((await submit({ collectionId, idempotencyKey: what, ...change })).userErrors).toMatchObject([
      { code: "IDEMPOTENCY_CONFLICT" },
    ]);
    expect(await jobsOf(collectionId)).toBe(1);
  });

  test("is the same request however its keys are ordered, and whether or not it says what is the default", async () => {
    const collectionId = await api.rig.collection(1);
    const base = { collectionId, idempotencyKey: "same" };
    const first = await submit({ ...base, tags: ["a"], options: { size: 3 } });
    expect(
      await submit({ options: { size: 3 }, priority: 0, mode: "FULL", tags: ["a"], runAt: null, ...base }),
    ).toMatchObject({
      job: { id: first.job!.id },
      deduplicated: true,
    });
  });

  test("is not used up by a submit that ended in userErrors", async () => {
    const collectionId = await api.rig.collection(0);
    const input = { collectionId, idempotencyKey: "not used up" };
    expect((await submit(input)).userErrors).toMatchObject([{ code: "NO_DOCUMENTS" }]);
    expect((await submit({ ...input, options: { size: "x" } })).userErrors).toMatchObject([
      { code: "INVALID_OPTIONS" },
    ]);
    expect((await submit({ ...input, pipeline: "unknown" })).userErrors).toMatchObject([{ code: "UNKNOWN_PIPELINE" }]);
    await api.send(
      'mutation ($c: ID!) { addDocuments(input: { collectionId: $c, documents: [{ name: "d", text: "t" }] }) { userErrors { code } } }',
      { c: collectionId },
    );
    expect(await submit(input)).toMatchObject({ deduplicated: false, userErrors: [] });
  });

  test("twenty times at once makes one job; of as many without a key one is taken and the others are told of it", async () => {
    for (const idempotencyKey of ["twenty", undefined]) {
      const collectionId = await api.rig.collection(1);
      const runAt = "2030-01-01T00:00:00Z";
      const answers = await Promise.all(
        Array.from({ length: 20 }, () =>
          submit({ collectionId, runAt, ...(idempotencyKey ? { idempotencyKey } : {}) }),
        ),
      );
      expect(new Set(answers.map(({ job }) => job!.id)).size).toBe(1);
      const refused = answers.filter(({ userErrors }) => userErrors[0]?.code === "ACTIVE_JOB_EXISTS");
      expect(refused).toHaveLength(idempotencyKey ? 0 : 19);
      expect(answers.filter(({ deduplicated }) => deduplicated)).toHaveLength(idempotencyKey ? 19 : 0);
      expect(await jobsOf(collectionId)).toBe(1);
    }
  });

  test.each([
    ["empty", ""],
    ["too long", "k".repeat(201)],
    ["not storable", "a\u0000b"],
  ])("that is %s is refused as input", async (_what, idempotencyKey) => {
    const collectionId = await api.rig.collection(1);
    expect(await submit({ collectionId, idempotencyKey })).toMatchObject({
      job: null,
      userErrors: [{ code: "INVALID_INPUT", path: ["input", "idempotencyKey"] }],
    });
  });
});
