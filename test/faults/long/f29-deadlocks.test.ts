import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { ApiClient } from "../../../src/cli/client.js";
import { createFaultRig, ROLES, type FaultRig } from "../rig.js";

const FOR_MS = 30_000;
const OPEN_JOBS = 6;
/** Of one of them: more than a cancel or a retry does in one step. */
const MANY = 600;

interface Seen {
  readonly entityId: string;
  readonly version: number;
}

let rig: FaultRig;
let api: ApiClient;
beforeAll(async () => {
  rig = await createFaultRig();
  const [server] = await Promise.all([
    rig.start(ROLES.api),
    rig.start(ROLES.reconciler),
    ...[1, 2, 3, 4].map(() => rig.start(ROLES.worker)),
  ]);
  api = rig.client(server!);
});
afterAll(() => rig.close());

async function deadlocks(): Promise<number> {
  const { rows } = await rig.db.query("select deadlocks::int from pg_stat_database where datname = current_database()");
  return rows[0].deadlocks;
}

/** Follows one stream; `gaps` are entities whose versions did not come one after the other. */
function follow(collectionId: string | null) {
  const last = new Map<string, number>();
  const found = { seen: 0, gaps: [] as Seen[] };
  const events = api.subscribe<{ statusChanges: Seen }>(
    "subscription ($c: ID) { statusChanges(collectionId: $c) { ... on StatusChange { entityId version } } }",
    { c: collectionId },
  );
  const done = (async () => {
    for await (const { statusChanges } of events) {
      const before = last.get(statusChanges.entityId);
      if (before !== undefined && statusChanges.version !== before + 1) found.gaps.push(statusChanges);
      last.set(statusChanges.entityId, statusChanges.version);
      found.seen += 1;
    }
  })();
  return Object.assign(found, {
    async end() {
      await events.return!();
      await done;
    },
  });
}

test("F29: four workers, six open jobs, cancels, retries and a sweep for 30 s: no deadlock, and versions ascend in every stream", async () => {
  const before = await deadlocks();
  const collections = await Promise.all(
    Array.from({ length: OPEN_JOBS }, (_, i) => rig.collection(api, i === 0 ? MANY : 20)),
  );
  const streams = [null, ...collections].map(follow);
  const endsAt = Date.now() + FOR_MS;
  let cancels = 0;
  let retries = 0;
  const jobs: string[] = [];
  const feeders = collections.map(async (collection, i) => {
    for (let n = 0; Date.now() < endsAt; n += 1) {
      const job = await rig.submit(api, collection);
      jobs.push(job);
      // Every other job of three collections is cancelled somewhere on its way.
      if (i % 2 === 0 && n % 2 === 1) {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
        await api.query("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } } }", { id: job });
        cancels += 1;
        await rig.settled([job]);
        // A job that was through before it heard of the cancel has nothing to be retried.
        const { retryJob }: any = await api.query(
          "mutation ($id: ID!) { retryJob(input: { jobId: $id }) { job { id } userErrors { code } } }",
          { id: job },
        );
        if (retryJob.job) retries += 1;
        else expect(retryJob.userErrors).toEqual([{ code: "NOT_RETRYABLE" }]);
      }
      await rig.settled([job]);
    }
  });
  await Promise.all(feeders);
  const { rows } = await rig.db.query("select count(*)::int as n from headway.status_change where job_id = any ($1)", [
    jobs,
  ]);
  await Promise.all(streams.map((stream) => stream.end()));
  expect(streams.map(({ gaps }) => gaps)).toEqual(streams.map(() => []));
  expect(streams.every(({ seen }) => seen > 0)).toBe(true);
  expect(cancels).toBeGreaterThan(0);
  expect(retries).toBeGreaterThan(0);
  expect(await deadlocks()).toBe(before);
  const what = `${rows[0].n} changes, ${cancels} cancels, ${retries} retries, no deadlock`;
  await rig.account(
    { fault: "F29", what, times: cancels },
    { statuses: ["COMPLETED", "CANCELLED", "COMPLETED_WITH_ERRORS"] },
  );
});
