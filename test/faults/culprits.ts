import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { ApiClient } from "../../src/cli/client.js";
import type { FaultRig } from "./rig.js";

/** Clocks of a process in which culprits run beside others. */
export const CULPRIT_SETTINGS = {
  HEADWAY_LEASE_MS: "1500",
  HEADWAY_CRASH_LIMIT: "1",
  HEADWAY_CONCURRENCY: "16",
  HEADWAY_CANCEL_DEADLINE_MS: "500",
  HEADWAY_GRACE_MS: "4000",
  // So little that it is used up soon.
  NODE_OPTIONS: "--max-old-space-size=160",
};

let made = 0;
/** A job of the pipeline `culprit` with a document for each text, which is what it does to its process. */
export async function submitCulprits(
  rig: FaultRig,
  api: ApiClient,
  folder: string,
  texts: readonly string[],
  strikeMs: number,
): Promise<{ job: string; begun: string }> {
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

/** A process that has ended and that nobody has asked after yet does not live. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
