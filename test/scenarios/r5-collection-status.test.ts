import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { createTestApi } from "../support/api.js";
import { until } from "../support/until.js";
import { look, submitted } from "./batches.js";
import { gate, gated, openShelf, race, SUBMIT, writeByHand, type Shelf } from "./collections.js";
import { submit } from "./main-job.js";

let shelf: Shelf;
beforeAll(async () => {
  shelf = await openShelf();
});
afterAll(() => shelf.close());
beforeEach(() => gate.clear());

describe("a collection's status, in the eight ways in which it used to go wrong", () => {
  it("1, the task's id was lost after the submit: the collection, the key and a second submit all lead to the job", async () => {
    const id = await shelf.fresh("lost answer");
    const input = { collectionId: id, pipeline: "gated", idempotencyKey: "lost" };
    const body = JSON.stringify({ query: SUBMIT, variables: { input } });
    const headers = { "content-type": "application/json", authorization: `Bearer ${shelf.api.key}` };
    await (await fetch(`${shelf.api.url}/graphql`, { method: "POST", headers, body })).body!.cancel();

    const { currentJob } = await shelf.read(id, "currentJob { id tasks { nodes { id } } }");
    expect(currentJob.tasks.nodes).toHaveLength(1);
    const job = { id: currentJob.id };
    expect((await shelf.ask(SUBMIT, { input })).submitJob).toMatchObject({ deduplicated: true, userErrors: [], job });
    const again = (await shelf.ask(SUBMIT, { input: { ...input, idempotencyKey: null } })).submitJob;
    expect(again).toMatchObject({ userErrors: [{ code: "ACTIVE_JOB_EXISTS" }], job });
    await shelf.letThrough(job.id);
    expect(await shelf.read(id, "currentJob { id } lastJob { id }")).toEqual({ currentJob: null, lastJob: job });
  });

  it("2, it was stale: what is read upon a change is at least as new as the change", async () => {
    const id = await shelf.fresh("stale");
    const { streamCursor: after } = await shelf.ask("query ($id: ID!) { streamCursor(collectionId: $id) }", { id });
    const jobId = await submit(shelf.api.client, id, "gated");
    const versionOf = async (entity: string): Promise<number> =>
      (await shelf.ask("query ($id: ID!) { node(id: $id) { ... on Tracked { version } } }", { id: entity })).node
        .version;
    const told = new Map<string, number>();
    const stale: unknown[] = [];
    for await (const { statusChanges: change } of shelf.api.client.subscribe<{ statusChanges: any }>(
      `subscription ($id: ID!, $after: String) { statusChanges(collectionId: $id, after: $after) {
         ... on StatusChange { entityId version toStatus } } }`,
      { id, after },
    )) {
      told.set(change.entityId, change.version);
      const read = await versionOf(change.entityId);
      if (read < change.version) stale.push({ change, read });
      if (change.entityId !== jobId || change.toStatus === "QUEUED") continue;
      // The file is held, or all has ended: nothing moves, and what was told and what is read are the same.
      for (const [entity, version] of told)
        expect({ entity, version: await versionOf(entity) }).toEqual({ entity, version });
      if (change.toStatus === "COMPLETED") break;
      await until("the file is held", () => gate.held.length === 1);
      gate.open(gate.held[0]!);
    }
    expect(stale).toEqual([]);
    expect([...told.values()]).toEqual([3, 3, 3]);
  });

  it("3, it had no time of its change: it has one, which nothing else moves, and no hand", async () => {
    const { id } = await shelf.indexed("one");
    const before = await shelf.read(id, "version statusChangedAt lastChange { at }");
    expect(before.statusChangedAt).toBe(before.lastChange.at);
    await shelf.rewrite(id, "more", "more");
    await shelf.sql("update headway.collection set status_changed_at = '2020-01-01' where id = $1", id);
    const after = await shelf.read(id, "documentCount version statusChangedAt lastChange { at }");
    expect(after).toEqual({ ...before, documentCount: 2 });
  });

  it("4, it had no history: every change is there, in order and without a gap, and stays", async () => {
    const { id, jobId } = await shelf.indexed("one", "bad");
    await shelf.retry(jobId);
    const { history } = await shelf.read(
      id,
      "history { nodes { version fromStatus toStatus reason actor { type } at } }",
    );
    expect(
      history.nodes.map((c: any) => `${c.version} ${c.fromStatus} ${c.toStatus} ${c.reason} ${c.actor.type}`),
    ).toEqual([
      "1 null CREATED CREATED USER",
      "2 CREATED PROCESSING SUBMITTED USER",
      "3 PROCESSING COMPLETED_WITH_ERRORS ALL_TASKS_SETTLED SYSTEM",
      "4 COMPLETED_WITH_ERRORS PROCESSING RETRIED_BY_REQUEST USER",
      "5 PROCESSING COMPLETED_WITH_ERRORS ALL_TASKS_SETTLED SYSTEM",
    ]);
    const times = history.nodes.map(({ at }: any) => Date.parse(at));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    await expect(shelf.sql("delete from headway.status_change where entity_id = $1", id)).rejects.toThrow(
      "append-only",
    );
    await expect(shelf.sql("update headway.status_change set actor = 'me' where entity_id = $1", id)).rejects.toThrow(
      "append-only",
    );
  });

  it("5, no transition was checked: what the table does not list is refused, with the next version too", async () => {
    const id = await shelf.fresh("unchecked");
    for (const [status, reason] of [
      ["COMPLETED", "ALL_TASKS_SETTLED"],
      ["PROCESSING", "RETRIED_BY_REQUEST"],
      ["CREATED", "CREATED"],
    ] as const) {
      await expect(writeByHand(shelf.api, id, { status, reason, fromVersion: 1 })).rejects.toThrow(
        `CREATED -> ${status} with reason ${reason} is not in the transition table`,
      );
    }
    expect(await shelf.read(id, "status version")).toEqual({ status: "CREATED", version: 1 });
  });

  it("6, the last writer won: of two from the same version one is refused, and of five submits four", async () => {
    const id = await shelf.fresh("two writers");
    const first = { status: "PROCESSING", reason: "SUBMITTED", fromVersion: 1 };
    const second = { status: "EXPIRED", reason: "EXPIRED_BY_REQUEST", fromVersion: 1 };
    expect(await race(shelf.api, id, first, second)).toContain("version must become 3, not 2");
    expect(await shelf.read(id, "status version")).toEqual({ status: "PROCESSING", version: 2 });

    const input = { collectionId: await shelf.fresh("five submits"), pipeline: "gated" };
    const answers = await Promise.all(Array.from({ length: 5 }, () => shelf.ask(SUBMIT, { input })));
    const codes = answers.map(({ submitJob }) => submitJob.userErrors[0]?.code ?? "accepted");
    expect(codes.filter((code) => code === "accepted")).toHaveLength(1);
    expect(codes.filter((code) => code === "ACTIVE_JOB_EXISTS")).toHaveLength(4);
    expect(new Set(answers.map(({ submitJob }) => submitJob.job.id)).size).toBe(1);
    await shelf.letThrough(answers[0]!.submitJob.job.id);
  });

  it("7, the callback of the completion was lost: with every hint and every notice lost it ends, and is told", async () => {
    const deaf = await createTestApi([gated]);
    try {
      await deaf.rig.startWorker({ pollMs: 600_000 });
      const batch = await submitted(deaf, "gated", ["one"]);
      const states = deaf.client.subscribe<{ jobProgress: { status: string } }>(
        "subscription ($id: ID!) { jobProgress(jobId: $id) { status } }",
        { id: batch.jobId },
      );
      await states.next();
      await until("the file is held", () => gate.held.length === 1);
      await deaf.rig.deps.dispatcher.close();
      const cut: unknown[] = await deaf.rig.db.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'headway-listen'`,
      );
      expect(cut).toHaveLength(2);
      gate.open("file 0");
      await until("it has ended", async () => (await look(deaf, batch)).status === "COMPLETED");
      let last = "";
      for await (const { jobProgress } of states) last = jobProgress.status;
      expect(last).toBe("COMPLETED");
    } finally {
      await deaf.close();
    }
  });

  it("8, failures of side work were unseen: failed files, warnings of stages and missing embeddings stand on it", async () => {
    const id = await shelf.fresh("side work", "fine", "bad", "odd");
    await shelf.api.rig.settled(await submit(shelf.api.client, id, "library", { options: { embeddings: false } }));
    const seen = await shelf.read(
      id,
      "warnings { code message } lastJob { tasks { nodes { documentName error { code stage } warnings { code } } } }",
    );
    expect(seen.warnings).toEqual([
      { code: "DOCUMENTS_FAILED", message: "1 document of its newest job failed; see the job's summary." },
      { code: "EMBEDDINGS_INCOMPLETE", message: expect.stringContaining("2 of 4 chunks") },
      { code: "NO_THUMBNAIL", message: "file 2: The thumbnail could not be made." },
    ]);
    expect(seen.lastJob.tasks.nodes).toMatchObject([
      { documentName: "file 0", error: null, warnings: [] },
      { documentName: "file 1", error: { code: "BAD_FILE", stage: "index" } },
      { documentName: "file 2", error: null, warnings: [{ code: "NO_THUMBNAIL" }] },
      { documentName: null },
    ]);
  });
});
