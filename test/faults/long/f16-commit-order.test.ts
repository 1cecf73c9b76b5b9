import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { definePipeline } from "../../../src/index.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { PROJECT } from "../../support/engine.js";
import { until } from "../../support/until.js";
import { note } from "../rig.js";
import { changeIds } from "../../support/changes.js";

const quick = definePipeline({
  name: "quick",
  version: 1,
  documentStages: ["a", "b"].map((name) => ({ name, run: async () => null })),
});

interface Seen {
  readonly id: string;
  readonly collectionId: string;
  readonly entityId: string;
  readonly version: number;
}

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([quick]);
  // One commit in five sleeps: its changes have their places already, and others commit behind them meanwhile.
  await api.rig.db.query(`
    create sequence headway.slept;
    create function headway.sleep_at_commit() returns trigger language plpgsql as $$
    begin
      if new.to_status = 'QUEUED' and new.entity_type = 'JOB' or random() < 0.02 then
        perform nextval('headway.slept'), pg_sleep(0.2);
      end if;
      return null;
    end $$;
    create constraint trigger fault after insert on headway.status_change deferrable initially deferred
      for each row execute function headway.sleep_at_commit()`);
  await Promise.all([1, 2, 3].map(() => api.rig.startWorker({ concurrency: 4 })));
});
afterAll(() => api.close());

/** Collects what a subscription brings, in the order in which it does. */
function follow(where: { collectionId?: string }): Seen[] {
  const got: Seen[] = [];
  const events = api.client.subscribe<{ statusChanges: Seen }>(
    `subscription ($collectionId: ID) { statusChanges(collectionId: $collectionId) {
       ... on StatusChange { id collectionId entityId version } } }`,
    where,
  );
  void (async () => {
    for await (const { statusChanges } of events) got.push(statusChanges);
  })();
  return got;
}

/** Entities whose versions did not come one after the other. */
function outOfOrder(got: readonly Seen[]): Seen[] {
  const last = new Map<string, number>();
  return got.filter(({ entityId, version }) => {
    const before = last.get(entityId);
    last.set(entityId, version);
    return before !== undefined && version !== before + 1;
  });
}

test("F16: transactions commit out of order under a project's and two collections' subscribers: none is lost, versions ascend", async () => {
  const { rig, stream } = api;
  const collections = await Promise.all([1, 2, 3, 4, 5, 6].map(() => rig.collection(20)));
  const born = (await rig.db.query("select count(*)::int as n from headway.status_change"))[0].n as number;
  const ofProject = follow({});
  const [one, two] = [collections[0]!, collections[1]!];
  const ofOne = follow({ collectionId: one });
  const ofTwo = follow({ collectionId: two });
  await until("three follow", () => stream.size === 3);

  // A commit that sleeps has its change's place already; another's commit behind it is there before it.
  const slow = rig.submit("quick", 0, { collectionId: one });
  await until("a commit sleeps", async () => {
    const rows = await rig.db.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'");
    return rows.length > 0;
  });
  await rig.db.query("update headway.collection set name = name where id = $1", [two]);

  const jobs = [
    await slow,
    ...(await Promise.all(collections.slice(1).map((collectionId) => rig.submit("quick", 0, { collectionId })))),
  ];
  for (const job of jobs) expect(await rig.settled(job)).toBe("COMPLETED");

  const expected = async (collectionId: string | null): Promise<string[]> =>
    changeIds(
      rig.db,
      "where s.project_id = $1 and ($2::uuid is null or s.collection_id = $2) order by s.position offset $3",
      [PROJECT, collectionId, collectionId === null ? born : 1],
    );
  const all = await expected(null);
  const settledAt = Date.now();
  await until("the project's subscriber has them all", () => ofProject.length >= all.length);
  await until(
    "the collections' have theirs",
    async () => ofOne.length >= (await expected(one)).length && ofTwo.length >= (await expected(two)).length,
  );
  const recoveryMs = Date.now() - settledAt;
  expect(ofProject.map(({ id }) => id).toSorted()).toEqual(all.toSorted());
  expect(ofOne.map(({ id }) => id)).toEqual(await expected(one));
  expect(ofTwo.map(({ id }) => id)).toEqual(await expected(two));
  for (const got of [ofProject, ofOne, ofTwo]) expect(outOfOrder(got)).toEqual([]);
  // It did strike: what came to the project's subscriber is in another order than the places were given.
  const overtaken = ofProject.filter(({ id }, i) => id !== all[i]).length;
  expect(overtaken).toBeGreaterThan(0);
  const [{ slept }] = await rig.db.query("select last_value::int as slept from headway.slept");
  expect(await rig.violations()).toEqual([]);
  note({
    fault: "F16",
    what: `commits that sleep 200 ms, ${overtaken} changes overtaken`,
    times: slept,
    recoveryMs,
    looks: 1,
    jobs: 6,
  });
});
