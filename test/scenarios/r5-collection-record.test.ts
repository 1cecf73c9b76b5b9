import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { armFailpoint } from "../../src/failpoint.js";
import { COLLECTION_STATUSES, JOB_STATUSES, STATUSES, TASK_STATUSES } from "../../src/lifecycle/status.js";
import { gate, openShelf, SUBMIT, wordsOf, type Shelf } from "./collections.js";
import { submit } from "./main-job.js";

let shelf: Shelf;
beforeAll(async () => {
  shelf = await openShelf();
});
afterAll(() => shelf.close());
beforeEach(() => gate.clear());

describe("a collection, in the six ways in which its record used to fail", () => {
  it.each([
    ["collection", ["COLLECTION"], "CollectionStatus", COLLECTION_STATUSES],
    ["job", ["JOB"], "JobStatus", JOB_STATUSES],
    ["task", ["DOCUMENT_TASK", "COLLECTION_TASK"], "TaskStatus", TASK_STATUSES],
    ["status_change", ["COLLECTION", "JOB", "DOCUMENT_TASK", "COLLECTION_TASK"], "Status", STATUSES],
  ] as const)(
    "9, the words differed from file to file: of a %s code, column, transitions and API agree",
    async (table, levels, name, words) => {
      const expected = [...words].sort();
      expect(await wordsOf(shelf.api, table, levels, name)).toEqual({
        check: expected,
        transitions: expected,
        graphql: expected,
      });
    },
  );

  it("10, status was written in many places: by hand it is refused at every level, and nothing changes", async () => {
    const { id, jobId } = await shelf.indexed("one");
    const fields =
      "status version lastJob { status version tasks { nodes { status version } } } history { nodes { id } }";
    const before = await shelf.read(id, fields);
    for (const [table, key, value] of [
      ["collection", "id", id],
      ["job", "id", jobId],
      ["task", "job_id", jobId],
    ]) {
      await expect(shelf.sql(`update headway.${table} set status = 'FAILED' where ${key} = $1`, value)).rejects.toThrow(
        "version must become",
      );
      await expect(shelf.sql(`delete from headway.${table} where ${key} = $1`, value)).rejects.toThrow("is refused");
    }
    await expect(
      shelf.sql(
        `insert into headway.status_change (project_id, entity_type, entity_id, collection_id, version, to_status, actor_type,
           actor, reason, change_id, at)
         select project_id, 'COLLECTION', id, id, version + 1, 'FAILED', 'USER', 'me', 'ALL_TASKS_SETTLED',
           gen_random_uuid(), now() from headway.collection where id = $1`,
        id,
      ),
    ).rejects.toThrow("written by the database alone");
    expect(await shelf.read(id, fields)).toEqual(before);
  });

  it("11, work ran while the status said CREATED: it is PROCESSING in the submit's own transaction, or nothing is", async () => {
    const id = await shelf.fresh("window");
    const input = { collectionId: id, pipeline: "gated" };
    armFailpoint("submit.before_commit:throw@1-1");
    expect((await shelf.api.send(SUBMIT, { input })).errors).toMatchObject([{ extensions: { code: "INTERNAL" } }]);
    expect(await shelf.read(id, "status version lastJob { id }")).toEqual({
      status: "CREATED",
      version: 1,
      lastJob: null,
    });

    const { job } = (await shelf.ask(SUBMIT, { input })).submitJob;
    expect(job.collection).toEqual({ status: "PROCESSING", currentJob: { id: job.id } });
    const born: { tx: string }[] = await shelf.sql(
      "select tx::text as tx from headway.status_change where collection_id = $1 and reason = 'SUBMITTED'",
      id,
    );
    expect(born).toHaveLength(3);
    expect(new Set(born.map(({ tx }) => tx)).size).toBe(1);
    await shelf.letThrough(job.id);
  });

  it("12, one could not get from one to the other: collection, job and task lead to each other both ways", async () => {
    const { id, jobId } = await shelf.indexed("one");
    const down = await shelf.read(
      id,
      "jobs { nodes { id tasks { nodes { id kind document { id lastTask { id } } } } } }",
    );
    expect(down.jobs.nodes).toMatchObject([
      { id: jobId, tasks: { nodes: [{ kind: "DOCUMENT" }, { kind: "COLLECTION" }] } },
    ]);
    for (const task of down.jobs.nodes[0].tasks.nodes) {
      const up = await shelf.ask(
        "query ($id: ID!) { task(id: $id) { job { id collection { id } } lastChange { collectionId jobId taskId } } }",
        { id: task.id },
      );
      expect(up.task).toEqual({
        job: { id: jobId, collection: { id } },
        lastChange: { collectionId: id, jobId, taskId: task.id },
      });
      if (task.document) expect(task.document.lastTask.id).toBe(task.id);
    }
  });

  it("13, nobody saw what it went through: time, version and warnings move with each change, and warnings go", async () => {
    const { id, jobId } = await shelf.indexed("one", "bad");
    const fields = "status version statusChangedAt warnings { code }";
    const failed = await shelf.read(id, fields);
    expect(failed).toMatchObject({
      status: "COMPLETED_WITH_ERRORS",
      version: 3,
      warnings: [{ code: "DOCUMENTS_FAILED" }],
    });
    await shelf.rewrite(id, "file 1", "good");
    await shelf.retry(jobId);
    const mended = await shelf.read(id, fields);
    expect(mended).toMatchObject({ status: "COMPLETED", version: 5, warnings: [] });
    expect(Date.parse(mended.statusChangedAt)).toBeGreaterThan(Date.parse(failed.statusChangedAt));
  });

  it("14, it had no figures: documents, chunks, embeddings, coverage, and what may be done now or why not", async () => {
    const id = await shelf.fresh("figures", "one", "two");
    const fields =
      "documentCount chunkCount chunksWithEmbeddings embeddingCoverage canSubmit { allowed disabledReason }";
    const may = { allowed: true, disabledReason: null };
    const mayNot = (why: string): object => ({ allowed: false, disabledReason: expect.stringContaining(why) });
    const figures = async (counts: readonly [number, number, number, number], canSubmit: object): Promise<void> => {
      const [documentCount, chunkCount, chunksWithEmbeddings, embeddingCoverage] = counts;
      const expected = { documentCount, chunkCount, chunksWithEmbeddings, embeddingCoverage, canSubmit };
      expect(await shelf.read(id, fields)).toEqual(expected);
    };
    await figures([2, 0, 0, 0], may);
    await shelf.api.rig.settled(await submit(shelf.api.client, id, "library", { options: { embeddings: false } }));
    await figures([2, 4, 2, 0.5], may);
    await shelf.api.rig.settled(await submit(shelf.api.client, id, "library"));
    await figures([2, 4, 4, 1], may);
    const jobId = await submit(shelf.api.client, id, "gated", { runAt: new Date(Date.now() + 3_600_000) });
    await figures([2, 4, 4, 1], mayNot(`Job ${jobId} of this collection is still QUEUED`));
    const DELETE = "mutation ($id: ID!) { deleteCollection(input: { collectionId: $id }) { userErrors { code } } }";
    await shelf.ask(DELETE, { id });
    await figures([0, 0, 0, 0], mayNot("has expired; create a new one"));
  });
});
