import pg from "pg";
import { submitJob } from "../../../src/engine/submit/submit.js";
import type { Gap, Scope } from "../../../src/engine/stream/scope.js";
import type { StatusChange } from "../../../src/model/status-change.js";
import { decodeCursor, encodeCursor } from "../../../src/engine/stream/cursor.js";
import type { ChangeStream } from "../../../src/engine/stream/stream.js";
import type { Subscription } from "../../../src/engine/stream/subscription.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { ACTOR, createRig, PROJECT, type Rig } from "../../support/engine.js";
import { followDatabase } from "../../support/stream.js";
import { until } from "../../support/until.js";
import { changeIds } from "../../support/changes.js";

const three = definePipeline({
  name: "three",
  version: 1,
  documentStages: ["a", "b", "c"].map((name) => ({ name, run: async () => null })),
});

let rig: Rig;
let followed: Awaited<ReturnType<typeof followDatabase>>;
let stream: ChangeStream;
beforeAll(async () => {
  rig = await createRig([three]);
  followed = await followDatabase(rig, { onError: (error, doing) => rig.errors.push({ error, doing }) });
  stream = followed.stream;
  await rig.startWorker();
});
afterAll(async () => {
  await followed.stop();
  await rig.close();
});

const collectionScope = (collectionId: string): Scope => ({ kind: "collection", projectId: PROJECT, collectionId });

/** Collects what a subscription gives, until it is ended. */
function collect(subscription: Subscription): { readonly got: (StatusChange | Gap)[]; readonly done: Promise<void> } {
  const got: (StatusChange | Gap)[] = [];
  const done = (async () => {
    for await (const one of subscription) got.push(one);
  })();
  return { got, done };
}

function historyOf(where: string, id: string): Promise<string[]> {
  return changeIds(rig.db, `where s.${where} = $1 order by s.position`, [id]);
}

const ids = (got: readonly (StatusChange | Gap)[]): string[] => got.map((one) => ("gap" in one ? "gap" : one.id));

describe("a stream", () => {
  test("from a cursor taken before a submit gives every change of the collection once and in order", async () => {
    const collectionId = await rig.collection(30);
    const after = await stream.cursor(collectionScope(collectionId));
    const subscription = await stream.follow(collectionScope(collectionId), after);
    const { got, done } = collect(subscription);
    const { jobId } = await submitJob(rig.deps, ACTOR, { collectionId, pipeline: "three" });
    await rig.settled(jobId);
    const expected = (await historyOf("collection_id", collectionId)).slice(1); // The cursor stands behind the collection's birth.
    await until("all changes have come", () => got.length >= expected.length);
    expect(ids(got)).toEqual(expected);
    await subscription.return();
    await done;
  });

  test("has a cursor behind all that has been committed, whatever digits its place has, of a collection and of a project", async () => {
    // As text the places before the next digit would be the last.
    await rig.db.query("alter table headway.status_change alter column position restart with 9999990");
    const collectionId = await rig.collection(5);
    const { jobId } = await submitJob(rig.deps, ACTOR, { collectionId, pipeline: "three" });
    await rig.settled(jobId);
    const [last]: { position: string; tx: string }[] = await rig.db.query(
      `select s.position::text as position, s.tx::text as tx from headway.status_change s
       where s.collection_id = $1 order by s.position desc limit 1`,
      [collectionId],
    );
    expect(last!.position).toMatch(/^1\d{7}$/);
    expect(decodeCursor(await stream.cursor(collectionScope(collectionId)))).toMatchObject({
      position: last!.position,
    });
    await until("no older transaction is open", async () => {
      const cursor = decodeCursor(await stream.cursor({ kind: "project", projectId: PROJECT }));
      return cursor.kind === "project" && cursor.tx === last!.tx && cursor.position === last!.position;
    });
  });

  test("of a job and of a task give just theirs, whatever else happens in the collection", async () => {
    const collectionId = await rig.collection(5);
    const { jobId } = await submitJob(rig.deps, ACTOR, { collectionId, pipeline: "three" });
    const [task]: { id: string }[] = await rig.db.query(
      "select id from headway.task where job_id = $1 order by ordinal limit 1",
      [jobId],
    );
    const start = encodeCursor({
      databaseId: decodeCursor(await stream.cursor(collectionScope(collectionId))).databaseId,
      kind: "collection",
      position: "0",
      change: null,
    });
    const job = await stream.follow({ kind: "job", projectId: PROJECT, collectionId, jobId }, start);
    const one = await stream.follow({ kind: "task", projectId: PROJECT, collectionId, taskId: task!.id }, start);
    const [ofJob, ofTask] = [collect(job), collect(one)];
    await rig.settled(jobId);
    const [jobHistory, taskHistory] = [await historyOf("job_id", jobId), await historyOf("task_id", task!.id)];
    await until(
      "all have come",
      () => ofJob.got.length >= jobHistory.length && ofTask.got.length >= taskHistory.length,
    );
    expect(ids(ofJob.got)).toEqual(jobHistory);
    expect(ids(ofTask.got)).toEqual(taskHistory);
    await Promise.all([job.return(), one.return()]);
  });

  test("of the whole project gives every change of several collections once, each entity's versions ascending", async () => {
    const scope: Scope = { kind: "project", projectId: PROJECT };
    const subscription = await stream.follow(scope, await stream.cursor(scope));
    const { got } = collect(subscription);
    const jobs = await Promise.all([rig.submit("three", 10), rig.submit("three", 10), rig.submit("three", 10)]);
    for (const jobId of jobs) await rig.settled(jobId);
    const expected = (await Promise.all(jobs.map((jobId) => historyOf("job_id", jobId)))).flat();
    const ofJobs = (): StatusChange[] =>
      got.filter((one): one is StatusChange => !("gap" in one) && jobs.includes(one.jobId ?? ""));
    await until("all changes have come", () => ofJobs().length >= expected.length);
    expect(ids(ofJobs()).sort()).toEqual(expected.sort());
    const seen = new Map<string, number>();
    for (const change of ofJobs()) {
      expect(change.version).toBe((seen.get(change.entityId) ?? 0) + 1);
      seen.set(change.entityId, change.version);
    }
    await subscription.return();
  });

  test("dropped and resumed at its last cursor a hundred times has no gap and no repeat", async () => {
    const collectionId = await rig.collection(60);
    let after = await stream.cursor(collectionScope(collectionId));
    const { jobId } = await submitJob(rig.deps, ACTOR, { collectionId, pipeline: "three" });
    const settled = rig.settled(jobId);
    const got: string[] = [];
    const expected = async (): Promise<string[]> => (await historyOf("collection_id", collectionId)).slice(1);
    for (let round = 0; round < 100; round += 1) {
      const subscription = await stream.follow(collectionScope(collectionId), after);
      for (let take = 0; take < 3; take += 1) {
        const next = await Promise.race([
          subscription.next(),
          new Promise<null>((resolve) => setTimeout(() => resolve(null), 100)),
        ]);
        if (next === null || next.done) break;
        const change = next.value as StatusChange;
        got.push(change.id);
        after = change.cursor;
      }
      await subscription.return();
    }
    await settled;
    const rest = await stream.follow(collectionScope(collectionId), after);
    const tail = collect(rest);
    const all = await expected();
    await until("the rest has come", () => got.length + tail.got.length >= all.length);
    expect([...got, ...ids(tail.got)]).toEqual(all);
    await rest.return();
    await until("nothing is left following", () => stream.size === 0);
  });

  test("whose reader is slow keeps only its cursor and misses nothing", async () => {
    const collectionId = await rig.collection(400);
    const subscription = await stream.follow(
      collectionScope(collectionId),
      await stream.cursor(collectionScope(collectionId)),
    );
    const first = subscription.next();
    const { jobId } = await submitJob(rig.deps, ACTOR, { collectionId, pipeline: "three" });
    await rig.settled(jobId);
    const got = [(await first).value as StatusChange];
    const expected = (await historyOf("collection_id", collectionId)).slice(1);
    while (got.length < expected.length) got.push((await subscription.next()).value as StatusChange);
    expect(ids(got)).toEqual(expected);
    await subscription.return();
  });

  test("of some kinds of entities leaves the others out: live, replayed, and when its reader is slow", async () => {
    const collectionId = await rig.collection(100);
    const scope = collectionScope(collectionId);
    const after = await stream.cursor(scope);
    const live = collect(await stream.follow(scope, after, ["JOB"]));
    const slow = await stream.follow(scope, after, ["TASK"]);
    const { jobId } = await submitJob(rig.deps, ACTOR, { collectionId, pipeline: "three" });
    // It is live from here on, and nobody asks it: more than it keeps will come.
    const first = await slow.next();
    await rig.settled(jobId);
    const wanted = (type: string): Promise<string[]> =>
      changeIds(rig.db, "where s.collection_id = $1 and s.entity_type = $2 and s.version > $3 order by s.position", [
        collectionId,
        type,
        type === "COLLECTION" ? 1 : 0,
      ]);
    const rest = collect(slow);
    const replayed = await stream.follow(scope, after, ["COLLECTION"]);
    const again = collect(replayed);
    const none = await stream.follow(scope, after, []);
    const nothing = collect(none);
    for (const [{ got }, type] of [
      [live, "JOB"],
      [again, "COLLECTION"],
    ] as const) {
      await until(`every ${type} has come`, async () => got.length >= (await wanted(type)).length);
      expect(ids(got)).toEqual(await wanted(type));
    }
    await until("every task has come", async () => rest.got.length + 1 >= (await wanted("TASK")).length);
    expect(ids([first.value, ...rest.got])).toEqual(await wanted("TASK"));
    // They have gone past what they leave out, and read none of it again.
    const [{ position }] = await rig.db.query(
      "select max(position)::text as position from headway.status_change where collection_id = $1",
      [collectionId],
    );
    await until("all have read all", () => [replayed, none].every(({ place }) => place.position === position));
    expect(nothing.got).toEqual([]);
    for (const one of [slow, replayed, none]) await one.return();
    await Promise.all([rest.done, again.done, nothing.done]);
  });

  test("ends at once when it is left while it waits", async () => {
    const collectionId = await rig.collection(1);
    const subscription = await stream.follow(collectionScope(collectionId), null);
    const waiting = subscription.next();
    await subscription.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  test("from a cursor of another database, or from the future, begins with a gap that says where to go on", async () => {
    const collectionId = await rig.collection(1);
    const scope = collectionScope(collectionId);
    const here = decodeCursor(await stream.cursor(scope));
    for (const cursor of [
      { ...here, databaseId: "00000000-0000-4000-8000-000000000000" },
      { ...here, position: "999999999" },
    ].map(encodeCursor)) {
      const subscription = await stream.follow(scope, cursor);
      const { value } = (await subscription.next()) as { value: Gap };
      expect(value).toMatchObject({ gap: true, resumeAt: await stream.cursor(scope) });
      await subscription.return();
    }
  });

  test.each<[string, Scope["kind"]]>([
    ["a collection", "collection"],
    ["a project", "project"],
  ])("of %s begins with a gap where another change stands at its cursor's place, or none is named", async (_, kind) => {
    const collectionId = await rig.collection(1);
    const scope: Scope = kind === "project" ? { kind, projectId: PROJECT } : collectionScope(collectionId);
    await until("there is a change to stand at", async () => decodeCursor(await stream.cursor(scope)).change !== null);
    const here = decodeCursor(await stream.cursor(scope));
    for (const change of ["000000000000", null]) {
      const subscription = await stream.follow(scope, encodeCursor({ ...here, change }));
      expect((await subscription.next()).value).toMatchObject({ gap: true });
      await subscription.return();
    }
  });

  test.each([
    ["text that is not a cursor", "nonsense"],
    [
      "a cursor of another kind",
      encodeCursor({ databaseId: "x", kind: "project", tx: "1", position: "1", change: null }),
    ],
    ["a cursor with more in it", encodeCursor({ databaseId: "x", kind: "collection", position: "1", change: "0:1" })],
  ])("from %s is refused as bad input", async (_, after) => {
    const collectionId = await rig.collection(1);
    await expect(stream.follow(collectionScope(collectionId), after)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test("goes on within two seconds when its LISTEN connection is cut", async () => {
    const collectionId = await rig.collection(3);
    const subscription = await stream.follow(collectionScope(collectionId), null);
    const { got } = collect(subscription);
    await rig.db.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'headway-listen' and datname = current_database()",
    );
    const { jobId } = await submitJob(rig.deps, ACTOR, { collectionId, pipeline: "three" });
    await rig.settled(jobId);
    const expected = (await historyOf("collection_id", collectionId)).slice(1);
    await until("all changes have come", () => got.length >= expected.length, 2_000);
    expect(ids(got)).toEqual(expected);
    await subscription.return();
  });

  test("of a project goes on when the oldest transaction ends, though that one tells nobody", async () => {
    const alone = await createRig([three]);
    const ofAlone = await followDatabase(alone, { pollMs: 3_600_000 });
    const unpolled = ofAlone.stream;
    const collectionId = await alone.collection(1);
    const whole = await unpolled.follow({ kind: "project", projectId: PROJECT }, null);
    const part = await unpolled.follow(collectionScope(collectionId), null);
    const [ofProject, ofCollection] = [collect(whole), collect(part)];
    // Where a transaction of any database was open at that moment, "from now" begins with what this collection was born by.
    const since = () => ofProject.got.filter((one) => (one as StatusChange).reason !== "CREATED");
    const older = new pg.Client({ connectionString: alone.url });
    await older.connect();
    await older.query("begin");
    await older.query("select pg_current_xact_id()");
    const { jobId } = await submitJob(alone.deps, ACTOR, { collectionId, pipeline: "three" });
    // Both are read in one statement: what the collection's stream has been given, the project's has been looked for.
    await until("the collection's stream has it all", () => ofCollection.got.length === 3);
    expect(since()).toEqual([]);
    await older.query("commit");
    await until("the project's stream has it all", () => since().length === 3);
    expect(ids(since())).toEqual(ids(ofCollection.got));
    expect(jobId).toBe((since()[1] as StatusChange).jobId);
    await older.end();
    await Promise.all([whole.return(), part.return()]);
    await Promise.all([ofProject.done, ofCollection.done]);
    await ofAlone.stop();
    await alone.close();
  });
});
