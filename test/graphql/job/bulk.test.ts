import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { fill } from "../../support/fill.js";

let isMended = false;
const flaky = definePipeline({
  name: "flaky",
  version: 1,
  documentStages: [
    {
      name: "try",
      maxAttempts: 1,
      run: async () => {
        if (!isMended) throw new Error("not yet");
      },
    },
  ],
});
const fine = definePipeline({
  name: "fine",
  version: 1,
  documentStages: [{ name: "do", run: async () => null }],
});

let api: TestApi;
const failed: string[] = [];
const completed: string[] = [];
beforeAll(async () => {
  api = await createTestApi([flaky, fine]);
  await api.rig.startWorker({ pollMs: 50 });
  for (let i = 0; i < 5; i += 1) failed.push(await api.rig.submit("flaky", 1, { tags: ["night"] }));
  for (let i = 0; i < 3; i += 1) completed.push(await api.rig.submit("fine", 1, { tags: ["night"] }));
  for (const id of [...failed, ...completed]) await api.rig.settled(id);
});
afterAll(() => api.close());

interface Payload {
  readonly matched: number;
  readonly applied: number;
  readonly firstJobIds: string[];
  readonly userErrors: { code: string; message: string; path: string[] | null }[];
}
async function bulk(input: Record<string, unknown>): Promise<Payload> {
  const { data, errors } = await api.send(
    `mutation ($input: BulkJobsInput!) { bulkJobs(input: $input) { matched applied firstJobIds userErrors { code message path } } }`,
    { input },
  );
  expect(errors).toEqual([]);
  return data!.bulkJobs;
}
const statuses = async (ids: readonly string[]): Promise<Set<string>> => {
  const rows: { status: string }[] = await api.rig.db.query("select status from headway.job where id = any ($1)", [
    ids,
  ]);
  return new Set(rows.map(({ status }) => status));
};

describe("bulkJobs", () => {
  test("only counts unless told otherwise: matched is exact, the newest come first, and nothing changes", async () => {
    const before = await api.rig.db.query("select count(*) from headway.status_change");
    expect(await bulk({ action: "RETRY", filter: { status: ["FAILED"] } })).toEqual({
      matched: 5,
      applied: 0,
      firstJobIds: [...failed].reverse(),
      userErrors: [],
    });
    expect((await bulk({ action: "CANCEL", filter: {} })).matched).toBe(8);
    expect(await api.rig.db.query("select count(*) from headway.status_change")).toEqual(before);
  });

  test.each([
    ["nothing in it", {}],
    ["nothing but nulls", { status: null, tags: null }],
    ["tags that every job has", { tags: [] }],
  ])("refuses a filter with %s", async (_what, filter) => {
    expect(await bulk({ action: "RETRY", filter, dryRun: false })).toMatchObject({
      applied: 0,
      userErrors: [{ code: "INVALID_INPUT", path: ["input", "filter"] }],
    });
    expect(await statuses(failed)).toEqual(new Set(["FAILED"]));
  });

  test("retries what can be retried, counts just that, and says what could not be", async () => {
    isMended = true;
    const { matched, applied, userErrors } = await bulk({
      action: "RETRY",
      filter: { tags: ["night"] },
      dryRun: false,
      reason: "mended",
    });
    expect([matched, applied]).toEqual([8, 5]);
    expect(userErrors).toHaveLength(3);
    for (const { code, message, path } of userErrors) {
      expect([code, path]).toEqual(["NOT_RETRYABLE", ["input", "filter"]]);
      expect(completed.some((id) => message.includes(id))).toBe(true);
    }
    for (const id of failed) expect(await api.rig.settled(id)).toBe("COMPLETED");
    const rows = await api.rig.db.query(
      "select distinct message from headway.status_change where reason = 'RETRIED_BY_REQUEST' and entity_type = 'JOB'",
    );
    expect(rows).toEqual([{ message: "mended" }]);
  });

  test("cancels what is open, once", async () => {
    const later = new Date(Date.now() + 3_600_000);
    const open = [await api.rig.submit("fine", 2, { runAt: later }), await api.rig.submit("fine", 2, { runAt: later })];
    const input = { action: "CANCEL", filter: { status: ["QUEUED"] }, dryRun: false };
    expect(await bulk(input)).toMatchObject({
      matched: 2,
      applied: 2,
      firstJobIds: [...open].reverse(),
      userErrors: [],
    });
    expect(await statuses(open)).toEqual(new Set(["CANCELLED"]));
    expect(await bulk(input)).toMatchObject({ matched: 0, applied: 0, firstJobIds: [] });
    expect(await bulk({ ...input, filter: { status: ["CANCELLED"] } })).toMatchObject({
      matched: 2,
      applied: 0,
      userErrors: [{ code: "NOT_CANCELLABLE" }, { code: "NOT_CANCELLABLE" }],
    });
    expect(await api.rig.violations()).toEqual([]);
  });

  test("refuses more than 10,000 jobs, says how many there are, and shows the first 100", async () => {
    await fill(api.rig.url, [
      `insert into headway.job (id, project_id, collection_id, pipeline, pipeline_version, document_stages, collection_stages, tags,
         status, change_id, changed_by_type, changed_by, change_reason, created_at)
       select gen_random_uuid(), project_id, id, 'fine', 1, '{}', '{}', '{many}', 'COMPLETED', gen_random_uuid(), 'USER',
         'tester', 'SUBMITTED', now() - make_interval(secs => n)
       from generate_series(1, 10001) n, (select id, project_id from headway.collection limit 1) c`,
    ]);
    const many = await bulk({ action: "CANCEL", filter: { tags: ["many"] }, dryRun: false });
    expect(many).toMatchObject({
      matched: 10_001,
      applied: 0,
      userErrors: [{ code: "LIMIT_EXCEEDED", path: ["input", "filter"] }],
    });
    expect(many.firstJobIds).toHaveLength(100);
    const listed = await api.send('{ jobs(first: 100, filter: { tags: ["many"] }) { totalCount nodes { id } } }');
    expect(listed.data!.jobs).toEqual({ totalCount: null, nodes: many.firstJobIds.map((id) => ({ id })) });
  });
});
