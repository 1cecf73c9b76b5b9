import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createClient, type FollowedEvent } from "../../../src/client-node.js";
import { changeIds } from "../../support/changes.js";
import { until } from "../../support/until.js";
import { createFaultRig, note, ROLES, type FaultRig } from "../rig.js";

const RESTARTS = 50;
/** A start takes some two seconds, and on a busy machine many more. */
const TIMEOUT_MS = 1_800_000;

let rig: FaultRig;
beforeAll(async () => {
  rig = await createFaultRig();
});
afterAll(() => rig.close());

test(
  "F46: who follows a job with headway-api/client has every change once and in order, though the server is restarted 50 times, killed every other time",
  async () => {
    await rig.start(ROLES.worker);
    let server = await rig.start(ROLES.api);
    const { url, key } = server;
    const port = { HEADWAY_PORT: new URL(url).port };
    const api = rig.client(server);
    const jobId = await rig.submit(api, 2_000, { options: { holdMs: 1_500 } }, "scenery");
    const client = createClient({ url, key });
    const got: FollowedEvent[] = [];
    const following = (async () => {
      for await (const event of client.follow(jobId)) got.push(event);
    })();
    let slowestMs = 0;
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      const before = got.length;
      if (restart % 2 === 0) await server.stop();
      else await server.kill();
      server = await rig.start(ROLES.api, port);
      const readyAt = performance.now();
      await until("it goes on", () => got.length > before);
      slowestMs = Math.max(slowestMs, performance.now() - readyAt);
    }
    const { rows } = await rig.db.query("select finished_at from headway.job where id = $1", [jobId]);
    expect(rows).toEqual([{ finished_at: null }]);
    await rig
      .client(server)
      .mutate("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { userErrors { code message } } }", {
        id: jobId,
      });
    await following;
    expect(got.map((event) => event.__typename === "StatusChange" && event.id)).toEqual(
      await changeIds(rig.db, "where s.job_id = $1 order by s.position", [jobId]),
    );
    await client.close();
    note({
      fault: "F46",
      what: "the server restarts under a follower",
      times: RESTARTS,
      recoveryMs: slowestMs,
      looks: rig.looks,
      jobs: 1,
    });
  },
  TIMEOUT_MS,
);
