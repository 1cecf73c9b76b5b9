import { afterEach, expect, test } from "@jest/globals";
import { definePipeline, type DocumentContext } from "../../../src/index.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { until } from "../../support/until.js";
import { note } from "../rig.js";

/** The calls of the one stage, in order; each writes and returns when it is let go. */
let calls: (() => void)[] = [];
const deaf = definePipeline({
  name: "deaf",
  version: 1,
  documentStages: [
    {
      name: "write",
      run: async (ctx: DocumentContext) => {
        // Deaf to ctx.signal, as a handler that hangs in a library is.
        const mine = await new Promise<number>((resolve) => {
          const number = calls.length + 1;
          calls.push(() => resolve(number));
        });
        await ctx.setText(`by call ${mine}`);
        return { by: mine };
      },
    },
  ],
});

let api: TestApi;
afterEach(() => api.close());

test.each([
  ["after the second has ended", [1, 0]],
  ["while the second still runs", [0, 1]],
])(
  "F4: a handler hangs past its lease, its task runs again in the same process, and it goes on %s",
  async (when, order) => {
    calls = [];
    api = await createTestApi([deaf]);
    const { rig } = api;
    // No heartbeat within the lease: so hangs a process that is too busy to beat.
    await rig.startWorker({ leaseMs: 1_000, heartbeatMs: 60_000 });
    rig.startReconciler({ leaseMs: 1_000 });
    const jobId = await rig.submit("deaf", 1);
    await until("it is called", () => calls.length === 1);
    // Another in the same process: what was lost runs with nothing beside it in its worker.
    await rig.startWorker({ leaseMs: 30_000 });
    await until("it is called twice", () => calls.length === 2);
    const claimedAgainAt = Date.now();
    const refused = (): Promise<{ fence: string }[]> => rig.db.query("select fence from headway.refused_write");
    for (const call of order) {
      calls[call]!();
      if (call === 0) await until("its late write is refused", async () => (await refused()).length > 0);
      else expect(await rig.settled(jobId)).toBe("COMPLETED");
    }
    const recoveryMs = Date.now() - claimedAgainAt;
    expect(new Set((await refused()).map(({ fence }) => fence))).toEqual(new Set(["1"]));
    const { job } = await api.client.query<any>(
      "query ($id: ID!) { job(id: $id) { tasks { nodes { crashes status document { text } } } } }",
      { id: jobId },
    );
    expect(job.tasks.nodes).toEqual([{ crashes: 1, status: "COMPLETED", document: { text: "by call 2" } }]);
    expect(await rig.db.query("select output->>'by' as by from headway.stage_output")).toEqual([{ by: "2" }]);
    expect(await rig.violations()).toEqual([]);
    note({ fault: "F4", what: `goes on ${when}`, times: 1, recoveryMs, looks: 1, jobs: 1 });
  },
);
