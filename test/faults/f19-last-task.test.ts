import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import type { ApiClient } from "../../src/cli/client.js";
import { until } from "../support/until.js";
import { createFaultRig, hasExited, hasFired, ROLES, type FaultRig } from "./rig.js";

let rig: FaultRig;
let api: ApiClient;
beforeAll(async () => {
  rig = await createFaultRig();
  api = rig.client(await rig.start({ HEADWAY_ROLES: "api,reconciler" }));
});
afterAll(() => rig.close());

describe("F19: a job settles", () => {
  test("when all of its tasks end at the same instant", async () => {
    const workers = await Promise.all([rig.start(ROLES.worker), rig.start(ROLES.worker)]);
    const job = await rig.submit(api, 12, { options: { holdMs: 100 } });
    const barrier = new pg.Client({ connectionString: rig.url });
    await barrier.connect();
    await until("they are at their last stage", async () => {
      const { rows } = await rig.db.query(
        "select 1 from task where job_id = $1 and stage = 'three' and status = 'RUNNING'",
        [job],
      );
      return rows.length === 12;
    });
    // The collection's lock holds all endings back until they wait side by side, in two processes.
    await barrier.query("begin");
    await barrier.query("select lock_collections(array(select collection_id from job where id = $1))", [job]);
    await until("both workers wait with their endings", async () => {
      const { rows } = await rig.db.query(
        "select count(*)::int as n from pg_stat_activity where wait_event = 'advisory' and datname = current_database() and query like '%record_changes%'",
      );
      return rows[0].n >= 2;
    });
    await barrier.query("commit");
    await barrier.end();
    await rig.settled([job]);
    await rig.account({ fault: "F19", what: "all tasks end at the same instant", times: 1 });
    for (const worker of workers) await worker.kill();
  });

  test.each(["flush.before_send", "flush.after_commit", "complete.after_commit"])(
    "when the last of its tasks ends as the worker dies at %s",
    async (failpoint) => {
      // One document through three stages: three flushes, the third ends it; then there is the collection task.
      const passage = failpoint === "flush.before_send" ? 4 : failpoint === "flush.after_commit" ? 3 : 1;
      const job = await rig.submit(api, 1);
      const dying = await rig
        .start(ROLES.worker, { HEADWAY_FAILPOINT: `${failpoint}:kill9@${passage}`, HEADWAY_CONCURRENCY: "1" })
        .catch((error: Error) => {
          expect(error.message).toContain("fired");
          return null;
        });
      if (dying) {
        await until("it is dead", () => hasExited(dying));
        expect(hasFired(dying)).toBe(true);
      }
      const diedAt = Date.now();
      const worker = await rig.start(ROLES.worker);
      await rig.settled([job]);
      await rig.account({
        fault: "F19",
        what: `the last ends as the worker dies at ${failpoint}`,
        times: 1,
        recoveryMs: Date.now() - diedAt,
      });
      await worker.kill();
    },
  );
});
