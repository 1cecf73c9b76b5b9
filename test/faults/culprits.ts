import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ApiClient } from "../../src/cli/client.js";
import type { HeadwayProcess } from "../support/processes.js";
import { createFaultRig, type FaultRig } from "./rig.js";

/** Clocks of a process in which culprits run beside others. */
const SETTINGS = {
  HEADWAY_LEASE_MS: "1500",
  HEADWAY_CRASH_LIMIT: "1",
  HEADWAY_CONCURRENCY: "16",
  HEADWAY_CANCEL_DEADLINE_MS: "500",
  HEADWAY_GRACE_MS: "4000",
  // So little that it is used up soon.
  NODE_OPTIONS: "--max-old-space-size=160",
};

/** A process, and what is submitted to it: tasks that hurt the process they run in, and tasks that run beside them. */
export interface CulpritRig {
  readonly rig: FaultRig;
  readonly headway: HeadwayProcess;
  readonly api: ApiClient;
  /** A job of the pipeline `culprit` with a document for each text, which is what it does to its process. */
  readonly culprits: (texts: readonly string[], strikeMs: number) => Promise<{ job: string; begun: string }>;
  /** The id of a job of so many documents, each of which takes so long. */
  readonly neighbours: (documents: number, holdMs: number) => Promise<string>;
  close(): Promise<void>;
}

export async function createCulpritRig(): Promise<CulpritRig> {
  const folder = await mkdtemp(path.join(tmpdir(), "headway-f42-"));
  const rig = await createFaultRig();
  const headway = await rig.start(SETTINGS);
  const api = rig.client(headway);
  let made = 0;
  return {
    rig,
    headway,
    api,
    async culprits(texts, strikeMs) {
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
    },
    neighbours: (documents, holdMs) => rig.submit(api, documents, { options: { holdMs } }),
    async close() {
      await rig.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Each beginning of a culprit: its text, and the process it was in. */
export const begunIn = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
export const pidsOf = (begun: string): number[] => begunIn(begun).map((line) => Number(line.split(" ").pop()));

/** How each document of the job stands. */
export async function ended(rig: FaultRig, job: string): Promise<unknown[]> {
  const { rows } = await rig.db.query(
    `select document_name as name, status, crashes, change_reason as reason, error_code as code
     from headway.task where job_id = $1 and kind = 'DOCUMENT' order by 1`,
    [job],
  );
  return rows;
}

export async function warningsOf(rig: FaultRig, job: string): Promise<string[]> {
  const { rows } = await rig.db.query(
    "select w->>'code' as code from headway.task t cross join lateral jsonb_array_elements(t.warnings) w where t.job_id = $1",
    [job],
  );
  return rows.map(({ code }) => code as string);
}

/** What `ended` says of so many documents that were only beside a culprit. */
export const healthy = (count: number): unknown[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `d${i}`,
    status: "COMPLETED",
    crashes: 0,
    reason: "COMPLETED",
    code: null,
  }));

export const POISONED = { status: "FAILED", crashes: 1, reason: "POISONED", code: "CRASHED" };
