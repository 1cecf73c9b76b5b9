import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiClient } from "../../src/cli/client.js";
import type { HeadwayProcess } from "../support/processes.js";
import { until } from "../support/until.js";
import { createFaultRig, hasExited, note, type FaultRig } from "./rig.js";

const LEASE_MS = 1_500;
const CRASH_LIMIT = 1;
let rig: FaultRig;
let folder: string;
let headway: HeadwayProcess;
let api: ApiClient;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-f42-"));
  rig = await createFaultRig();
  headway = await rig.start({
    HEADWAY_LEASE_MS: String(LEASE_MS),
    HEADWAY_CRASH_LIMIT: String(CRASH_LIMIT),
    HEADWAY_CONCURRENCY: "16",
    HEADWAY_CANCEL_DEADLINE_MS: "500",
    HEADWAY_GRACE_MS: "4000",
    // So little that it is used up soon.
    NODE_OPTIONS: "--max-old-space-size=160",
  });
  api = rig.client(headway);
});
afterAll(async () => {
  await rig.close();
  await rm(folder, { recursive: true, force: true });
});

let made = 0;
/** A job of the pipeline `culprit` with a document for each text. */
async function submitCulprits(texts: readonly string[], strikeMs: number): Promise<{ job: string; begun: string }> {
  const begun = path.join(folder, `begun-${(made += 1)}`);
  const { collection } = await api.mutate<{ collection: { id: string }; userErrors: [] }>(
    "mutation ($name: String!) { createCollection(input: { name: $name }) { collection { id } userErrors { code message } } }",
    { name: `culprits ${made}` },
  );
  await api.mutate(
    "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { userErrors { code message } } }",
    { input: { collectionId: collection.id, documents: texts.map((text) => ({ name: text, text })) } },
  );
  const options = { begun, strikeMs };
  const job = await rig.submit(api, collection.id, { pipeline: "culprit", options }, "scenery");
  return { job, begun };
}

const neighbours = (documents: number, holdMs: number): Promise<string> =>
  rig.submit(api, documents, { options: { holdMs } });
const running = async (jobs: readonly string[]): Promise<number> =>
  (await rig.db.query("select 1 from headway.task where job_id = any ($1) and status = 'RUNNING'", [jobs])).rows.length;
const begunIn = (file: string): string[] => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []);
const pidsOf = (begun: string): number[] => begunIn(begun).map((line) => Number(line.split(" ").pop()));
async function ended(job: string): Promise<unknown[]> {
  const { rows } = await rig.db.query(
    `select document_name as name, status, crashes, change_reason as reason, error_code as code
     from headway.task where job_id = $1 and kind = 'DOCUMENT' order by 1`,
    [job],
  );
  return rows;
}
const healthy = (count: number): unknown[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `d${i}`,
    status: "COMPLETED",
    crashes: 0,
    reason: "COMPLETED",
    code: null,
  }));
const poisoned = { status: "FAILED", crashes: CRASH_LIMIT, reason: "POISONED", code: "CRASHED" };

describe("F42: one task of many ends its process", () => {
  test("by a kill, and by using up the memory: each ends POISONED, alone; who ran beside completes without a crash", async () => {
    const beside = await neighbours(4, 400);
    const { job, begun } = await submitCulprits(["eat its memory", "kill it"], 300);
    await rig.settled([job, beside]);
    expect(await ended(job)).toEqual([
      { name: "eat its memory", ...poisoned },
      { name: "kill it", ...poisoned },
    ]);
    expect(await ended(beside)).toEqual(healthy(4));
    // Beside each other once; from then on alone, so that it is known whose crash it is.
    for (const text of ["eat its memory", "kill it"])
      expect(begunIn(begun).filter((line) => line.startsWith(text)).length).toBeLessThanOrEqual(CRASH_LIMIT + 2);
    expect(hasExited(headway)).toBe(false);
    await rig.account({ fault: "F42", what: "two of six tasks end their process", times: 2 * CRASH_LIMIT + 1 });
    note({ fault: "F42", what: "the culprits' own job", times: 1, looks: rig.looks, jobs: 1 });
  });

  test("by blocking it for ever: it is killed and replaced, long before its task would end", async () => {
    const beside = await neighbours(2, 800);
    const { job, begun } = await submitCulprits(["block it for ever"], 200);
    await rig.settled([job, beside]);
    expect(await ended(job)).toEqual([{ name: "block it for ever", ...poisoned }]);
    expect(await ended(beside)).toEqual(healthy(2));
    expect(new Set(pidsOf(begun)).size).toBe(begunIn(begun).length);
    expect(headway.output()).toMatch(/its event loop has not turned for \d+ ms/);
    await rig.account({ fault: "F42", what: "a process blocked for ever", times: CRASH_LIMIT + 1 });
  });

  test("blocking it for longer than two leases and then ending: it runs once and its end counts, and so do its neighbours'", async () => {
    const beside = await neighbours(2, 200);
    const { job, begun } = await submitCulprits(["block it for longer than two leases"], 100);
    await rig.settled([job, beside]);
    expect(await ended(job)).toEqual([
      {
        name: "block it for longer than two leases",
        status: "COMPLETED",
        crashes: 0,
        reason: "COMPLETED",
        code: null,
      },
    ]);
    expect(begunIn(begun)).toHaveLength(1);
    expect(await ended(beside)).toEqual(healthy(2));
    await rig.account({ fault: "F42", what: "synchronous work of 2.1 leases", times: 1 });
  });
});

describe("F42: a handler does not hear that it is to stop", () => {
  const warnings = async (job: string): Promise<string[]> => {
    const { rows } = await rig.db.query(
      "select w->>'code' as code from headway.task t cross join lateral jsonb_array_elements(t.warnings) w where t.job_id = $1",
      [job],
    );
    return rows.map(({ code }) => code as string);
  };
  const sizeOf = (file: string): number => (existsSync(file) ? statSync(file).size : 0);

  test("cancelled: it is CANCELLING until its process is dead, and only then CANCELLED; nobody beside it is hurt", async () => {
    const beside = await neighbours(2, 600);
    const { job, begun } = await submitCulprits(["hear nothing"], 0);
    await until("it is at work", () => sizeOf(`${begun}.effects`) > 0);
    await api.query("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } } }", { id: job });
    const [pid] = pidsOf(begun);
    let sawAlive = 0;
    await until("it is CANCELLED", async () => {
      const alive = lives(pid!);
      const { rows } = await rig.db.query("select status from headway.job where id = $1", [job]);
      if (rows[0].status !== "CANCELLING") return true;
      sawAlive += alive ? 1 : 0;
      return false;
    });
    expect(lives(pid!)).toBe(false);
    expect(sawAlive).toBeGreaterThan(0);
    const effects = sizeOf(`${begun}.effects`);
    expect(await ended(job)).toMatchObject([{ status: "CANCELLED", crashes: 0 }]);
    expect(await warnings(job)).toEqual(["HANDLER_IGNORED_SIGNAL"]);
    await rig.settled([beside]);
    expect(await ended(beside)).toEqual(healthy(2));
    expect(sizeOf(`${begun}.effects`)).toBe(effects);
    await rig.account({ fault: "F42", what: "a handler deaf to a cancel", times: 1 });
  });

  test("timed out: TIMED_OUT once its process is dead, and another process goes on", async () => {
    const { job, begun } = await submitCulprits(["hear nothing"], 0);
    await rig.settled([job]);
    expect(await ended(job)).toMatchObject([
      { status: "FAILED", crashes: 0, reason: "RETRIES_EXHAUSTED", code: "TIMED_OUT" },
    ]);
    expect(lives(pidsOf(begun)[0]!)).toBe(false);
    expect(await warnings(job)).toEqual(["HANDLER_IGNORED_SIGNAL"]);
    const after = await neighbours(1, 0);
    await rig.settled([after]);
    expect(await running([job, after])).toBe(0);
    await rig.account({ fault: "F42", what: "a handler deaf to its time-out", times: 1 });
  });
});

/** A process that has ended and that nobody has asked after yet does not live. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
