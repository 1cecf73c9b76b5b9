import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { ApiClient } from "../../../src/cli/client.js";
import type { HeadwayProcess } from "../../support/processes.js";
import { until } from "../../support/until.js";
import { createFaultRig, hasExited, type FaultRig } from "../rig.js";
import { changeIds } from "../../support/changes.js";

/** What the design allows a subscriber to be behind while nobody is told of changes. */
const MAX_LATE_MS = 2_000;

let rig: FaultRig;
let headway: HeadwayProcess;
let api: ApiClient;
beforeAll(async () => {
  rig = await createFaultRig();
  headway = await rig.start();
  api = rig.client(headway);
});
afterAll(() => rig.close());

/** The LISTEN connections of the process, its stream's and its worker's, are ended or swallowed. Returns how many. */
const losses: Record<string, () => Promise<number>> = {
  async "ended by the server"() {
    const { rows } = await rig.db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'headway-listen' and datname = current_database()`,
    );
    return rows.length;
  },
  async "swallowed by a black hole"() {
    const before = rig.postgres.fired;
    rig.postgres.blackhole("headway-listen");
    return rig.postgres.fired - before;
  },
};

test.each(Object.keys(losses))("F9: the LISTEN connections are %s: subscribers are at most 2 s behind", async (how) => {
  const got: { id: string; lateMs: number }[] = [];
  const events = api.subscribe<{ statusChanges: { id: string; at: string } }>(
    "subscription { statusChanges { ... on StatusChange { id at } } }",
    {},
  );
  const following = (async () => {
    for await (const { statusChanges } of events)
      got.push({ id: statusChanges.id, lateMs: Date.now() - Date.parse(statusChanges.at) });
  })();
  await until("it follows", async () => {
    await rig.collection(api, 1);
    return got.length > 0;
  });
  const start = got.length;

  const times = await losses[how]!();
  expect(times).toBeGreaterThanOrEqual(2);
  const lostAt = new Date();
  const jobs = [await rig.submit(api, 5, { options: { holdMs: 300 } }), await rig.submit(api, 5)];
  await rig.settled(jobs);
  const ids = await changeIds(rig.db, "where s.job_id = any ($1)", [jobs]);
  await until("all changes have come", () => ids.every((id) => got.some((one) => one.id === id)), MAX_LATE_MS);
  const latestMs = Math.max(...got.slice(start).map(({ lateMs }) => lateMs));
  expect(latestMs).toBeLessThanOrEqual(MAX_LATE_MS);

  rig.postgres.pass();
  await until(
    "it listens again",
    async () => {
      const { rows: again } = await rig.db.query(
        `select 1 from pg_stat_activity where application_name = 'headway-listen'
       and datname = current_database() and backend_start > $1`,
        [lostAt],
      );
      return again.length >= times;
    },
    30_000,
  );
  const recoveryMs = Date.now() - lostAt.getTime();
  await events.return!();
  await following;
  expect(hasExited(headway)).toBe(false);
  await rig.account({ fault: "F9", what: `${how}; the latest event was ${latestMs} ms late`, times, recoveryMs });
});
