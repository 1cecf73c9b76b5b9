import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import type { ApiClient } from "../../../src/cli/client.js";
import { migrate } from "../../../src/database/migrate.js";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../../src/database/embedded.js";
import type { HeadwayProcess } from "../../support/processes.js";
import { until } from "../../support/until.js";
import { createFaultRig, hasExited, LEASE_MS, ROLES, type FaultRig } from "../rig.js";

let dataDir: string;
let postgres: EmbeddedPostgres;
let rig: FaultRig;
let api: ApiClient;
let processes: HeadwayProcess[];
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "headway-f10-"));
  // With fsync, as in production: what was acknowledged must be there after a crash.
  postgres = await startEmbeddedPostgres({ dataDir });
  await migrate(postgres.url);
  rig = await createFaultRig({ databaseUrl: postgres.url });
  processes = await Promise.all([rig.start({ HEADWAY_ROLES: "api,reconciler" }), rig.start(ROLES.worker)]);
  api = rig.client(processes[0]!);
});
afterAll(async () => {
  await rig.close();
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const port = (): number => Number(new URL(postgres.url).port);

/** SIGQUIT to the postmaster: an immediate shutdown, as a crash leaves it. */
async function crash(): Promise<void> {
  const superuser = new pg.Client({ connectionString: postgres.superuserUrl });
  superuser.on("error", () => undefined); // It is about to lose its server.
  await superuser.connect();
  const { rows } = await superuser.query("show data_directory");
  const pid = Number((await readFile(path.join(rows[0].data_directory, "postmaster.pid"), "utf8")).split("\n")[0]);
  process.kill(pid, "SIGQUIT");
  await until("the postmaster is gone", () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
  // It only takes its hands off the folder: there is nothing left to stop.
  await postgres.stop().catch(() => undefined);
}

async function restart(): Promise<void> {
  const at = port();
  postgres = await startEmbeddedPostgres({ dataDir, port: at });
}

async function askWhileDown(): Promise<{ readonly errors?: readonly unknown[] }> {
  const { url, key } = processes[0]!;
  const answer = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ query: "{ jobs { nodes { id } } }" }),
  });
  return (await answer.json()) as { errors?: unknown[] };
}

describe("F10: Postgres", () => {
  test.each([
    ["is restarted in order", "fast", 0],
    ["crashes and comes back", "immediate", 0],
    ["is down for two leases", "fast", 2 * LEASE_MS],
  ])(
    "%s: no process ends, nothing acknowledged is missing, no task is taken from a live worker",
    async (_what, how, downMs) => {
      const acknowledged = [
        await rig.submit(api, 8, { options: { holdMs: 1_000 } }),
        await rig.submit(api, 4),
        await rig.submit(api, 4),
      ];
      await until("eight stages run", async () => {
        const { rows } = await rig.db.query("select 1 from headway.task where status = 'RUNNING'");
        return rows.length === 8;
      });
      if (how === "fast") await postgres.stop();
      else await crash();
      const downAt = Date.now();
      if (downMs > 0) {
        const { errors } = await askWhileDown();
        expect(errors).toMatchObject([{ extensions: { code: "SERVICE_BUSY" } }]);
        await new Promise((resolve) => setTimeout(resolve, downMs));
      }
      await restart();
      const backAt = Date.now();
      await rig.settled(acknowledged);
      const recoveryMs = Date.now() - backAt;
      expect(processes.filter(hasExited)).toHaveLength(0);
      const { rows } = await rig.db.query(
        "select max(crashes)::int as crashes, max(fence)::int as fence from headway.task where job_id = any ($1)",
        [acknowledged],
      );
      expect(rows).toEqual([{ crashes: 0, fence: 1 }]);
      const ready = (await (await fetch(`${processes[1]!.url}/readyz`)).json()) as { status: string };
      expect(ready.status).toBe("ready");
      await rig.account({ fault: "F10", what: `${how}, down ${backAt - downAt} ms`, times: 1, recoveryMs });
    },
  );
});
