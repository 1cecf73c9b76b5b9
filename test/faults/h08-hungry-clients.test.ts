import { afterAll, beforeAll, expect, test } from "@jest/globals";
import pg from "pg";
import type { ApiClient } from "../../src/cli/client.js";
import type { HeadwayProcess } from "../support/processes.js";
import { slackMs } from "../support/slack.js";
import { until } from "../support/until.js";
import { createFaultRig, LEASE_MS, type FaultRig } from "./rig.js";

let rig: FaultRig;
let process: HeadwayProcess;
let api: ApiClient;
beforeAll(async () => {
  rig = await createFaultRig();
  process = await rig.start({ HEADWAY_DATABASE_API_CONNECTIONS: "3" });
  api = rig.client(process);
});
afterAll(() => rig.close());

const ASKED = 40;

async function ask(
  query: string,
): Promise<{ retryAfter: string | null; status: number; codes: string[]; data: { __typename?: string } }> {
  const response = await fetch(`${process.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${process.key}` },
    body: JSON.stringify({ query }),
  });
  const { errors = [], data } = (await response.json()) as {
    errors?: { extensions: { code: string } }[];
    data: { __typename?: string };
  };
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    codes: errors.map(({ extensions }) => extensions.code),
    data,
  };
}

test("H8: reads that wait take no connection of leases and flushes; who finds none is told when to ask again", async () => {
  const collectionId = await rig.collection(api, 4);
  const jobId = await rig.submit(api, collectionId, { options: { holdMs: LEASE_MS } });
  const lock = new pg.Client({ connectionString: rig.url });
  await lock.connect();
  await lock.query("begin");
  // Only readers of the API come here: the first three wait for it, the others for a connection.
  await lock.query("lock table headway.named_entity in access exclusive mode");
  try {
    const before = await crashesOf(jobId);
    const waits = `collection(id: "${collectionId}") { entities(first: 1) { totalCount nodes { name } } }`;
    // Every other one gets something all the same, which no status may hide.
    const queries = Array.from({ length: ASKED }, (_, index) => `{ ${index % 2 === 0 ? "__typename " : ""}${waits} }`);
    const answers = await Promise.all(queries.map(ask));
    const busy = answers.filter(({ codes }) => codes.includes("SERVICE_BUSY"));
    expect(busy.length).toBeGreaterThan(ASKED / 2);
    for (const { retryAfter, status, data } of busy) {
      expect({ retryAfter, status }).toEqual({ retryAfter: "1", status: data.__typename === "Query" ? 200 : 503 });
    }
    expect(new Set(busy.map(({ status }) => status))).toEqual(new Set([200, 503]));
    await rig.settled([jobId]);
    expect({ before, now: await crashesOf(jobId) }).toEqual({ before: 0, now: 0 });
  } finally {
    await lock.end();
  }
  await rig.account({ fault: "H8", what: "reads that wait for a lock", times: ASKED });
});

test("H8: doctor ends in the database when its client goes", async () => {
  await rig.db
    .query(`create or replace function headway.violations_within(p_since timestamptz, p_project uuid, p_collection uuid, p_job uuid)
      returns table (invariant text, entity_type text, entity_id uuid, detail text) language plpgsql volatile as
      $$ begin
        -- The rig looks through the same function.
        if current_setting('application_name') like 'headway%' then perform pg_sleep(600); end if;
      end $$`);
  const client = new AbortController();
  const asked = fetch(`${process.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${process.key}` },
    body: JSON.stringify({ query: "{ doctor { detail } }" }),
    signal: client.signal,
  });
  const running = async (): Promise<number> =>
    (
      await rig.db.query(
        `select from pg_stat_activity where datname = current_database() and state = 'active'
           and application_name like 'headway%' and query like '%headway.violations%'`,
      )
    ).rowCount!;
  await until("doctor runs", async () => (await running()) === 1);
  const since = performance.now();
  client.abort();
  await expect(asked).rejects.toThrow("aborted");
  await until("doctor runs no more", async () => (await running()) === 0);
  // Far below its own time-out, so it is the client's going that has ended it.
  expect(performance.now() - since).toBeLessThan(5_000 + slackMs());
});

async function crashesOf(jobId: string): Promise<number> {
  const { rows } = await rig.db.query(
    "select coalesce(sum(crashes), 0)::int as crashes from headway.task where job_id = $1",
    [jobId],
  );
  return rows[0].crashes as number;
}
