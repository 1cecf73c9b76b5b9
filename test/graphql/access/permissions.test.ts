import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { PermanentError } from "../../../src/index.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";

const picky = definePipeline({
  name: "picky",
  version: 1,
  documentStages: [
    {
      name: "read",
      run: async (ctx) => {
        ctx.warn("SMALL", `${ctx.document.name} is small`);
        if (ctx.document.name === "bad") throw new PermanentError("BAD", "It is bad.");
        return null;
      },
    },
  ],
  collectionStages: [{ name: "sum", run: async () => null }],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([picky]);
});
afterAll(() => api.close());

async function ask(query: string, variables: Record<string, unknown> = {}): Promise<Record<string, any>> {
  const { data, errors } = await api.send(query, variables);
  expect(errors).toEqual([]);
  return data!;
}

const MAY = "{ allowed disabledReason }";
const STATE = `query ($id: ID!) { job(id: $id) {
  canRetry ${MAY} canCancel ${MAY} collection { canSubmit ${MAY} warnings { code message } }
  tasks { nodes { id status documentName canRetry ${MAY} canCancel ${MAY} } } } }`;
const yes = { allowed: true, disabledReason: null };
const no = (reason: string): object => ({ allowed: false, disabledReason: expect.stringContaining(reason) });

describe("what may be done", () => {
  test("is told of an open job: cancel, but neither retry nor another submit", async () => {
    const id = await api.rig.submit("picky", 1);
    const { job } = await ask(STATE, { id });
    expect(job).toMatchObject({
      canCancel: yes,
      canRetry: no(`Job ${id} is QUEUED; only a job that FAILED`),
      collection: { canSubmit: no(`Job ${id} of this collection is still QUEUED`), warnings: [] },
    });
    expect(job.tasks.nodes[0]).toMatchObject({ canCancel: yes, canRetry: no("is QUEUED; only a FAILED or CANCELLED") });
    await ask("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { userErrors { code } } }", { id });
  });

  test("is told of a settled job, and each answer is what the mutation then does", async () => {
    const runner = await api.rig.startWorker();
    const collectionId = await api.rig.collection([
      { name: "bad", text: "x" },
      { name: "good", text: "x" },
    ]);
    const id = await api.rig.submit("picky", 0, { collectionId });
    expect(await api.rig.settled(id)).toBe("COMPLETED_WITH_ERRORS");
    const { job } = await ask(STATE, { id });
    expect(job).toMatchObject({ canCancel: no("is COMPLETED_WITH_ERRORS; only open work"), canRetry: yes });
    expect(job.collection).toEqual({
      canSubmit: yes,
      warnings: [
        { code: "DOCUMENTS_FAILED", message: "1 document of its newest job failed; see the job's summary." },
        { code: "SMALL", message: "2 tasks of its newest job, such as bad: bad is small" },
      ],
    });
    const byName = Object.fromEntries(job.tasks.nodes.map((task: any) => [task.documentName, task]));
    expect(byName.bad).toMatchObject({ canRetry: yes, canCancel: no("is FAILED; only open work") });
    expect(byName.good.canRetry).toEqual(no("is COMPLETED; only a FAILED or CANCELLED task"));
    expect(byName.null.canRetry).toEqual(no("is the job's collection task: retry the job instead"));

    const newer = await api.rig.submit("picky", 0, { collectionId });
    await api.rig.settled(newer);
    const { job: older } = await ask(STATE, { id });
    expect(older.canRetry).toEqual(no(`job ${newer} is newer; only a collection's newest job can be retried`));
    const { retryJob } = await ask(
      "mutation ($id: ID!) { retryJob(input: { jobId: $id }) { userErrors { code message } } }",
      { id },
    );
    expect(retryJob.userErrors).toEqual([{ code: "NOT_RETRYABLE", message: older.canRetry.disabledReason }]);
    await runner.stop(0);
  });
});

describe("what can't be done is refused with the present status, and leaves no trace", () => {
  const changes = async (): Promise<number> =>
    (await api.rig.db.query("select count(*)::int as n from headway.status_change"))[0].n;

  test.each([
    ["retryJob(input: { jobId: $job })", "NOT_RETRYABLE", "is COMPLETED; only a job that FAILED"],
    ["cancelJob(input: { jobId: $job })", "NOT_CANCELLABLE", "is COMPLETED; only open work"],
    ["retryTask(input: { taskId: $task })", "NOT_RETRYABLE", "is COMPLETED; only a FAILED or CANCELLED task"],
    ["cancelTask(input: { taskId: $task })", "NOT_CANCELLABLE", "is COMPLETED; only open work"],
    ["cancelTask(input: { taskId: $job })", "NOT_FOUND", "There is no task"],
    ["retryTask(input: { taskId: $job })", "NOT_FOUND", "There is no task"],
    ["cancelJob(input: { jobId: $task })", "NOT_FOUND", "There is no job"],
    ["retryJob(input: { jobId: $task })", "NOT_FOUND", "There is no job"],
  ])("%s: %s", async (mutation, code, message) => {
    const runner = await api.rig.startWorker();
    const job = await api.rig.submit("picky", 1);
    await api.rig.settled(job);
    await runner.stop(0);
    const { job: found } = await ask("query ($job: ID!) { job(id: $job) { tasks { nodes { id } } } }", { job });
    const before = await changes();
    const which = mutation.includes("$job") ? "$job" : "$task";
    const { answer } = await ask(`mutation (${which}: ID!) { answer: ${mutation} { userErrors { code message } } }`, {
      job,
      task: found.tasks.nodes[0].id,
    });
    expect(answer.userErrors).toEqual([{ code, message: expect.stringContaining(message) }]);
    expect(await changes()).toBe(before);
  });

  test("a task asked for by another job's documents is not found", async () => {
    const one = await api.rig.submit("picky", 1);
    const other = await api.rig.submit("picky", 1);
    const { job } = await ask("query ($id: ID!) { job(id: $id) { tasks { nodes { document { id } } } } }", { id: one });
    const { job: asked } = await ask("query ($id: ID!, $d: ID!) { job(id: $id) { task(documentId: $d) { id } } }", {
      id: other,
      d: job.tasks.nodes[0].document.id,
    });
    expect(asked.task).toBeNull();
  });
});
