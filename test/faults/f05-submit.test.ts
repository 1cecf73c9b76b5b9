import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiClient } from "../../src/cli/client.js";
import { until } from "../support/until.js";
import { createFaultRig, hasExited, hasFired, note, ROLES, type FaultRig } from "./rig.js";

let rig: FaultRig;
let api: ApiClient;
let collectionId: string;
beforeAll(async () => {
  rig = await createFaultRig();
  api = rig.client(await rig.start({ HEADWAY_ROLES: "api,reconciler" }));
});
afterAll(() => rig.close());

const SUBMIT = `mutation ($input: SubmitJobInput!) { submitJob(input: $input) {
  job { id } deduplicated userErrors { code message } } }`;
interface Submitted {
  submitJob: { job: { id: string } | null; deduplicated: boolean; userErrors: { code: string; message: string }[] };
}

async function collection(name: string): Promise<string> {
  const { collection: made } = await api.mutate<{ collection: { id: string }; userErrors: [] }>(
    "mutation ($name: String!) { createCollection(input: { name: $name }) { collection { id } userErrors { code message } } }",
    { name },
  );
  await api.mutate(
    `mutation ($id: ID!) { addDocuments(input: { collectionId: $id, documents: [{ name: "d", text: "t" }] }) { userErrors { code message } } }`,
    { id: made.id },
  );
  return made.id;
}

const jobsOf = async (id: string): Promise<number> =>
  (await rig.db.query("select count(*)::int as n from headway.job where collection_id = $1", [id])).rows[0].n;

describe("F5: the API is killed in a submit", () => {
  test.each([
    ["before its commit: nothing is there, and the same key makes the job", "submit.before_commit", 0],
    [
      "after its commit and before its hints: the same key gives that job, and a poll takes it up",
      "submit.after_commit",
      1,
    ],
  ])("%s", async (_what, failpoint, left) => {
    collectionId = await collection(failpoint);
    const doomed = await rig.start(ROLES.api, { HEADWAY_FAILPOINT: `${failpoint}:kill9` });
    const input = { collectionId, pipeline: "steps", idempotencyKey: failpoint };
    await expect(rig.client(doomed).query(SUBMIT, { input })).rejects.toThrow();
    await until("it is dead", () => hasExited(doomed));
    expect(hasFired(doomed)).toBe(true);
    await until("its transaction is decided", async () => (await jobsOf(collectionId)) === left);
    const worker = await rig.start(ROLES.worker);
    const { submitJob } = await api.query<Submitted>(SUBMIT, { input });
    expect(submitJob).toMatchObject({ deduplicated: left === 1, userErrors: [] });
    await rig.settled([submitJob.job!.id]);
    expect(await jobsOf(collectionId)).toBe(1);
    await rig.account({ fault: "F5", what: `kill -9 at ${failpoint}`, times: 1 });
    await worker.kill();
  });
});

describe("F6: a submit is sent twenty times at once with one key", () => {
  test("makes one job, and another body under the key is a conflict", async () => {
    collectionId = await collection("twenty");
    const input = { collectionId, pipeline: "steps", idempotencyKey: "twenty" };
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.query<Submitted>(SUBMIT, { input })));
    const ids = answers.map(({ submitJob }) => submitJob.job?.id);
    expect(new Set(ids).size).toBe(1);
    expect(answers.map(({ submitJob }) => submitJob.userErrors.length)).toEqual(Array(20).fill(0));
    expect(answers.filter(({ submitJob }) => !submitJob.deduplicated)).toHaveLength(1);
    expect(await jobsOf(collectionId)).toBe(1);
    const { submitJob } = await api.query<Submitted>(SUBMIT, { input: { ...input, priority: 5 } });
    expect(submitJob).toMatchObject({ job: null, userErrors: [{ code: "IDEMPOTENCY_CONFLICT" }] });
    expect(await jobsOf(collectionId)).toBe(1);
    note({ fault: "F6", what: "20 submits at once, one key", times: 20, looks: rig.looks, jobs: 1 });
  });
});
