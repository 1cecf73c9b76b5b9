import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { createTestApi, type TestApi } from "../support/api.js";
import { ROOT } from "../support/processes.js";
import { until } from "../support/until.js";
import steps from "../faults/pipelines/steps.js";
import { read, recordedButOpen, startUploadProcess, submitted } from "./batches.js";
import { submit, collectionOf } from "./main-job.js";
import upload from "./pipelines/upload.js";

const STEPS = fileURLToPath(new URL("../faults/pipelines/steps.js", import.meta.url));
const SHORT = { HEADWAY_LEASE_MS: "1000", HEADWAY_HEARTBEAT_MS: "200", HEADWAY_POLL_MS: "100" };
const STILL = "still going";

let api: TestApi;
let lock: pg.Client;
beforeEach(async () => {
  api = await createTestApi([upload, steps]);
  lock = new pg.Client({ connectionString: api.rig.url });
  await lock.connect();
  await lock.query("begin");
});
afterEach(async () => {
  await lock.end();
  await api.close();
});

/** A process with one long task running and room for seven, whose claim of a second waits for a lock. */
async function stalledBesideWork(settings: Record<string, string> = {}) {
  const process = await startUploadProcess(api, { ...SHORT, HEADWAY_PIPELINES: STEPS, ...settings });
  const long = await collectionOf(api.client, "long", [{ name: "a", text: "a" }]);
  const jobId = await submit(api.client, long, "steps", { options: { holdMs: 50_000 } });
  await until("it runs", async () => {
    const rows: unknown[] = await api.rig.db.query("select 1 from headway.job where id = $1 and running = 1", [jobId]);
    return rows.length === 1;
  });
  await api.client.query(
    'mutation { pausePipeline(input: { pipeline: "steps", reason: "x" }) { userErrors { code } } }',
  );
  const { id } = await submitted(api, "steps", ["one"]);
  await lock.query("select headway.lock_collections(array[$1::uuid])", [id]);
  await api.client.query('mutation { resumePipeline(input: { pipeline: "steps" }) { userErrors { code } } }');
  await until("it is STALLED", async () => {
    const { workers } = await api.client.query<{ workers: { status: string }[] }>("{ workers { status } }");
    return workers[0]?.status === "STALLED";
  });
  return process;
}

it("start() fails within its deadline when the first iteration of the claim loop hangs, and names that step", async () => {
  await lock.query("lock table headway.ready_stage in access exclusive mode");
  const outcome = api.rig.startWorker().then(
    () => "started",
    (error: Error) => error.message,
  );
  const first = await Promise.race([outcome, sleep(15_000, STILL)]);
  await lock.query("rollback");
  await outcome;
  expect(first).toContain("it is stuck in the first iteration of the claim loop");
});

it("a process whose worker can't start ends", async () => {
  await api.rig.db.query(
    "create trigger fault before insert on headway.worker for each statement execute function headway.forbid_delete()",
  );
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const child = spawn(process.execPath, [path.join(ROOT, "dist/src/cli/main.js"), "start"], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: api.rig.url,
      HEADWAY_ROLES: "worker",
      HEADWAY_WORKER_PROCESSES: "0",
      HEADWAY_EMBEDDER: "hash",
      HEADWAY_PORT: String(port),
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said = once(child.stderr, "data").then(([data]) => String(data));
  expect(await said).toContain("The worker can't start, in registering in the database");
  const first = await Promise.race([once(child, "exit").then(([code]) => `exit ${code}`), sleep(8_000, STILL)]);
  const alive = await fetch(`http://127.0.0.1:${port}/healthz`).then(
    ({ status }) => `healthz ${status}`,
    () => "gone",
  );
  child.kill("SIGKILL");
  expect([first, alive]).toEqual(["exit 1", "gone"]);
});

it("/readyz depends on the loop while a task runs beside it and there is room for more", async () => {
  const process = await stalledBesideWork();
  const { status } = await fetch(`${process.url}/readyz`);
  await process.kill();
  expect(status).toBe(503);
});

it("Ctrl-C ends a process within its grace while its loop stands still", async () => {
  const process = await stalledBesideWork({ HEADWAY_GRACE_MS: "1000" });
  const first = await Promise.race([process.stop(), sleep(8_000, STILL)]);
  await process.kill();
  expect(first).toBe(0);
});

it("a worker whose every claim fails is shown as STALLED and not ready, and a job that it does not take says so", async () => {
  await api.rig.db.query("alter function headway.claimable(jsonb) rename to claimable_gone");
  const outcome = api.rig.startWorker().then(
    () => "started",
    (error: Error) => error.message,
  );
  expect(await outcome).toMatch(/the first iteration of the claim loop. The last claim failed: .*claimable/);
  await api.rig.db.query("alter function headway.claimable_gone(jsonb) rename to claimable");
  const process = await startUploadProcess(api, SHORT);
  await api.rig.db.query("alter function headway.claimable(jsonb) rename to claimable_gone");
  const { jobId } = await submitted(api, "upload", ["one"]);
  await until("the job says that its worker stands still", async () => {
    const { workers, job } = await api.client.query<any>(
      "query ($id: ID!) { workers { status } job(id: $id) { waitingOn { code } } }",
      { id: jobId },
    );
    return workers.some(({ status }: any) => status === "STALLED") && job.waitingOn?.code === "WORKER_STALLED";
  });
  expect((await fetch(`${process.url}/readyz`)).status).toBe(503);
  await api.rig.db.query("alter function headway.claimable_gone(jsonb) rename to claimable");
  expect(await api.rig.settled(jobId)).toBe("COMPLETED");
  await process.kill();
});

it("a job that can't be converged now can still be read", async () => {
  const batch = await recordedButOpen(api);
  expect(await read(api, batch)).toMatchObject({ status: "PROCESSING" });
});
