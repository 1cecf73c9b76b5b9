import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiClient } from "../../../src/cli/client.js";
import type { HeadwayProcess } from "../../support/processes.js";
import { until } from "../../support/until.js";
import { createFaultRig, hasExited, hasFired, ROLES, type FaultRig } from "../rig.js";

let rig: FaultRig;
let api: ApiClient;
beforeAll(async () => {
  rig = await createFaultRig();
  api = rig.client(await rig.start({ HEADWAY_ROLES: "api,reconciler" }));
});
// A worker that is left would take the next test's work.
const workers: HeadwayProcess[] = [];
const startWorker = async (settings: Record<string, string> = {}): Promise<HeadwayProcess> => {
  const worker = await rig.start(ROLES.worker, settings);
  workers.push(worker);
  return worker;
};
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.kill()));
});
afterAll(() => rig.close());

describe("F19: a job settles", () => {
  test("when all of its tasks end at the same instant", async () => {
    await Promise.all([startWorker(), startWorker()]);
    // Long enough that all twelve are in their last stage at once, however late some of them began.
    const job = await rig.submit(api, 12, { options: { holdMs: 4_000 } });
    await until("they are at their last stage", async () => {
      const { rows } = await rig.db.query(
        "select 1 from headway.task where job_id = $1 and stage = 'three' and status = 'RUNNING'",
        [job],
      );
      return rows.length === 12;
    });
    // The collection's lock holds all endings back until they wait side by side, in two processes.
    const barrier = await rig.db.connect();
    await barrier.query("begin");
    await barrier.query("select headway.lock_collections(array(select collection_id from headway.job where id = $1))", [
      job,
    ]);
    await until("both workers wait with their endings", async () => {
      const { rows } = await rig.db.query(
        "select count(*)::int as n from pg_stat_activity where wait_event = 'advisory' and datname = current_database() and query like '%record_changes%'",
      );
      return rows[0].n >= 2;
    });
    await barrier.query("commit");
    barrier.release();
    await rig.settled([job]);
    await rig.account({ fault: "F19", what: "all tasks end at the same instant", times: 1 });
  });

  test.each(["flush.before_send", "flush.after_commit", "complete.after_commit"])(
    "when the last of its tasks ends as the worker dies at %s",
    async (failpoint) => {
      // One document through three stages: three flushes, the third ends it; then there is the collection task.
      const passage = failpoint === "flush.before_send" ? 4 : failpoint === "flush.after_commit" ? 3 : 1;
      const job = await rig.submit(api, 1);
      const dying = await startWorker({
        HEADWAY_FAILPOINT: `${failpoint}:kill9@${passage}`,
        HEADWAY_CONCURRENCY: "1",
      }).catch((error: Error) => {
        expect(error.message).toContain("fired");
        return null;
      });
      if (dying) {
        await until("it is dead", () => hasExited(dying));
        expect(hasFired(dying)).toBe(true);
      }
      const diedAt = Date.now();
      await startWorker();
      await rig.settled([job]);
      await rig.account({
        fault: "F19",
        what: `the last ends as the worker dies at ${failpoint}`,
        times: 1,
        recoveryMs: Date.now() - diedAt,
      });
    },
  );
});
