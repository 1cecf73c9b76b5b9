import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiClient } from "../../../src/cli/client.js";
import { until } from "../../support/until.js";
import { startFaultProxy, type FaultProxy } from "../fault-proxy.js";
import { createFaultRig, ROLES, type FaultRig } from "../rig.js";

let rig: FaultRig;
let api: ApiClient;
/** Of the API and of the worker, each with a proxy of its own: what is cut is known to be theirs. */
let apiProxy: FaultProxy;
let workerProxy: FaultProxy;
beforeAll(async () => {
  rig = await createFaultRig();
  const port = Number(new URL(rig.url).port);
  [apiProxy, workerProxy] = await Promise.all([startFaultProxy(port), startFaultProxy(port)]);
  const through = (proxy: FaultProxy): Record<string, string> => {
    const url = new URL(rig.url);
    url.port = String(proxy.port);
    return { DATABASE_URL: url.href };
  };
  await rig.start(ROLES.reconciler);
  api = rig.client(await rig.start(ROLES.api, through(apiProxy)));
  await rig.start(ROLES.worker, through(workerProxy));
});
afterAll(async () => {
  await rig.close();
  await apiProxy.close();
  await workerProxy.close();
});

describe.each(["before", "after"] as const)(
  "F12: the connection is cut %s a COMMIT takes effect or is told",
  (when) => {
    test.each([
      ["a claim", '"leaseMs"'],
      ["a heartbeat", "headway.heartbeat($1"],
      ["a stage's end", '"kind":"stage"'],
      ["a completion", '"kind":"complete"'],
    ])("of %s: the work goes on, without a second effect", async (what, needle) => {
      const cut = workerProxy.cutOn(needle, when);
      const firedBefore = workerProxy.fired;
      const job = await rig.submit(api, 2, { options: { holdMs: what === "a heartbeat" ? 500 : 10 } });
      await cut;
      const cutAt = Date.now();
      expect(workerProxy.fired).toBe(firedBefore + 1);
      await rig.settled([job]);
      const { rows } = await rig.db.query(
        "select max(fence)::int as fence, max(crashes) as crashes from headway.task where job_id = $1",
        [job],
      );
      // Nobody died: what was claimed is adopted or sent again, and nothing need be rescued.
      expect(rows).toEqual([{ fence: 1, crashes: 0 }]);
      await rig.account({
        fault: "F12",
        what: `cut ${when} COMMIT of ${what}`,
        times: 1,
        recoveryMs: Date.now() - cutAt,
      });
    });

    test.each([
      ["the bytes of its document", "select bytes from headway.document_bytes"],
      ["its text", "insert into headway.document_text"],
      ["the text that an earlier stage wrote", "select text from headway.document_text"],
      ["its chunks", "insert into headway.chunk"],
      ["its artifact", "insert into headway.artifact"],
      ["the outputs of the documents", 'as "hasOutput"'],
    ])("while a stage reads or writes %s: it goes on, and no attempt is used up", async (what, needle) => {
      const cut = workerProxy.cutOn(needle, when);
      const job = await rig.submit(api, 2, { options: { holdMs: 10 } });
      await cut;
      const cutAt = Date.now();
      await rig.settled([job]);
      const { rows } = await rig.db.query(
        "select reason, message from headway.status_change where job_id = $1 and entity_type = 'TASK' and from_status = 'RUNNING' and to_status = 'QUEUED'",
        [job],
      );
      expect(rows).toEqual([]);
      await rig.account({
        fault: "F12",
        what: `cut ${when} the answer to a stage on ${what}`,
        times: 1,
        recoveryMs: Date.now() - cutAt,
      });
    });

    test("of a submit: the same key gives one job", async () => {
      const { collection } = await api.mutate<{ collection: { id: string }; userErrors: [] }>(
        "mutation ($name: String!) { createCollection(input: { name: $name }) { collection { id } userErrors { code message } } }",
        { name: `cut ${when}` },
      );
      await api.mutate(
        `mutation ($id: ID!) { addDocuments(input: { collectionId: $id, documents: [{ name: "d", text: "t" }] }) { userErrors { code message } } }`,
        { id: collection.id },
      );
      const SUBMIT = `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }`;
      const input = { collectionId: collection.id, pipeline: "steps", idempotencyKey: `cut ${when}` };
      const cut = apiProxy.cutOn("COMMIT", when);
      await expect(api.query(SUBMIT, { input })).rejects.toThrow();
      await cut;
      const { job } = await api.mutate<{ job: { id: string }; userErrors: [] }>(SUBMIT, { input });
      await rig.settled([job.id]);
      const { rows } = await rig.db.query("select id from headway.job where collection_id = $1", [collection.id]);
      expect(rows).toEqual([{ id: job.id }]);
      await rig.account({ fault: "F12", what: `cut ${when} COMMIT of a submit`, times: 1 });
    });

    test("of a cancel: asked again, the job is cancelled once", async () => {
      const job = await rig.submit(api, 4, { options: { holdMs: 5_000 } });
      await until("it runs", async () => {
        const { rows } = await rig.db.query("select 1 from headway.task where job_id = $1 and status = 'RUNNING'", [
          job,
        ]);
        return rows.length > 0;
      });
      const CANCEL =
        "mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } userErrors { code message } } }";
      const cut = apiProxy.cutOn("COMMIT", when);
      await expect(api.query(CANCEL, { id: job })).rejects.toThrow();
      await cut;
      await api.query(CANCEL, { id: job });
      await rig.settled([job]);
      const { rows } = await rig.db.query(
        "select count(*)::int as n from headway.status_change where entity_id = $1 and reason = 'CANCEL_REQUESTED'",
        [job],
      );
      expect(rows).toEqual([{ n: 1 }]);
      await rig.account(
        { fault: "F12", what: `cut ${when} COMMIT of a cancel`, times: 1 },
        { statuses: ["COMPLETED", "CANCELLED"] },
      );
    });
  },
);
