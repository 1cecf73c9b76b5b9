import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { SETTINGS, type SettingName } from "../../src/settings.js";
import type { TestApi } from "../support/api.js";
import { startHeadway, type HeadwayProcess } from "../support/processes.js";
import { until } from "../support/until.js";
import { collectionOf, submit } from "./main-job.js";

/** A collection that has been submitted. */
export interface Batch {
  readonly id: string;
  readonly jobId: string;
}

export interface Look {
  readonly status: string;
  readonly lastJob: {
    readonly status: string;
    readonly counts: { total: number; queued: number; running: number; completed: number; failed: number };
    readonly summary: { status: string } | null;
  };
}

export interface Clocks {
  readonly leaseMs: number;
  readonly sweepMs: number;
  readonly pollMs: number;
}

const byDefault = (name: SettingName): number => Number(SETTINGS.find((setting) => setting.name === name)!.default);
export const DEFAULTS: Clocks = {
  leaseMs: byDefault("HEADWAY_LEASE_MS"),
  sweepMs: byDefault("HEADWAY_SWEEP_MS"),
  pollMs: byDefault("HEADWAY_POLL_MS"),
};

/** The sweep comes every sweepMs ± 20 %. */
export const sweptWithinMs = ({ sweepMs }: Clocks): number => 1.2 * sweepMs;
/** A dead worker's lease passes, the sweep gives its work back, another worker's poll takes it. */
export const endsWithinMs = (clocks: Clocks): number => clocks.leaseMs + sweptWithinMs(clocks) + clocks.pollMs;

let made = 0;

/** Submits files of these texts, named file 0, file 1 … */
export async function submitted({ client }: TestApi, pipeline: string, texts: readonly string[]): Promise<Batch> {
  made += 1;
  const documents = texts.map((text, index) => ({ name: `file ${index}`, text }));
  const id = await collectionOf(client, `batch ${made} of ${pipeline}`, documents);
  return { id, jobId: await submit(client, id, pipeline) };
}

/** How the batch stands, by way of its collection: unlike root job(id), this converges nothing. */
export async function look({ client }: TestApi, { id }: Pick<Batch, "id">): Promise<Look> {
  const { collection } = await client.query<{ collection: Look }>(
    `query ($id: ID!) { collection(id: $id) { status lastJob {
       status counts { total queued running completed failed } summary { status } } } }`,
    { id },
  );
  return collection;
}

/** The job by root job(id), as a reader asks for it. */
export async function read({ client }: TestApi, { jobId }: Batch): Promise<Record<string, any>> {
  const { job } = await client.query<{ job: Record<string, any> }>(
    `query ($id: ID!) { job(id: $id) { status finishedAt collection { status }
       summary { status createdAt durationMs counts { total completed failed } errors { code stage count } } } }`,
    { id: jobId },
  );
  return job;
}

/** The history's rows that settled the batch: its collection's, and its job's. */
export function settlings({ rig }: TestApi, { id }: Batch): Promise<{ what: string; actor: string; tx: string }[]> {
  return rig.db.query(
    `select entity_type as what, actor, tx::text as tx from headway.status_change
     where collection_id = $1 and reason = 'ALL_TASKS_SETTLED' order by entity_type`,
    [id],
  );
}

export async function doctor({ client }: TestApi): Promise<unknown[]> {
  return (await client.query<{ doctor: unknown[] }>("{ doctor { invariant detail } }")).doctor;
}

/**
 * A batch as a worker leaves it that dies between the record of the last file and the end of the batch: every file is
 * recorded, and the batch is open. The end itself fails at each try until `mend`, which returns when that was.
 */
export async function recordedButOpen(api: TestApi): Promise<Batch & { readonly mend: () => Promise<number> }> {
  await api.rig.db.query(
    "create trigger fault before insert on headway.job_summary for each statement execute function headway.forbid_delete()",
  );
  const batch = await submitted(api, "upload", ["one", "two"]);
  const worker = await api.rig.startWorker();
  await until("both files are recorded", async () => (await look(api, batch)).lastJob.counts.completed === 2);
  await worker.stop(0);
  expect(await look(api, batch)).toMatchObject({
    status: "PROCESSING",
    lastJob: { status: "PROCESSING", summary: null },
  });
  const mend = async (): Promise<number> => {
    await api.rig.db.query("drop trigger fault on headway.job_summary");
    return Date.now();
  };
  return { ...batch, mend };
}

/** A worker of `upload` in a process of its own, over the database of the test. `kill` also removes its folder. */
export async function startUploadProcess(
  { rig }: TestApi,
  settings: Record<string, string> = {},
): Promise<HeadwayProcess> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "headway-upload-"));
  const process = await startHeadway({
    DATABASE_URL: rig.url,
    HEADWAY_ROLES: "worker",
    HEADWAY_WORKER_PROCESSES: "0",
    HEADWAY_PIPELINES: fileURLToPath(new URL("./pipelines/upload.js", import.meta.url)),
    HEADWAY_DATA_DIR: dataDir,
    ...settings,
  });
  const kill = async (): Promise<void> => {
    await process.kill();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { ...process, kill };
}
