import type { ApiClient } from "../client.js";
import { say } from "../print.js";
import { readDemoJob, submitDemo, watchDemo, type Demo, type Summary } from "./demo-job.js";

/** The last line of `--once`. */
export interface Finished {
  readonly jobId: string;
  readonly status: string;
  readonly counts: object;
  readonly durationMs: number;
}

/** Submits a demo, follows it until it is settled, and shows the result. `folder` is where its files are left. */
export async function present(client: ApiClient, demo: Demo, folder: string): Promise<Finished> {
  const { documents, leftOut } = demo.found;
  const sizeKb = Math.round(documents.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1000);
  const rest = leftOut > 0 ? `; ${leftOut} more files are left out by --limit` : "";
  say(`Processing ${documents.length} documents (${sizeKb} KB) with ${demo.pipeline}${rest}.`);
  const job = await submitDemo(client, demo);
  await watchDemo(client, job, documents.length);
  const { status, counts, summary: ended } = await readDemoJob(client, job.id);
  const summary = ended!; // It is settled.
  sayHowItEnded(summary);
  const shown = await demo.show({ client, collectionId: job.collectionId, jobId: job.id, summary, folder });
  say();
  return { jobId: job.id, status, counts, durationMs: Math.round(summary.durationMs), ...shown };
}

function sayHowItEnded({ status, durationMs, stages, errors }: Summary): void {
  say(`\n${status} after ${(durationMs / 1000).toFixed(1)} s\n\n  stage        count    p50 ms    p95 ms`);
  for (const { stage, count, p50Ms, p95Ms } of stages) {
    say(
      `  ${stage.padEnd(11)} ${String(count).padStart(6)} ${p50Ms.toFixed(1).padStart(9)} ${p95Ms.toFixed(1).padStart(9)}`,
    );
  }
  say(errors.length === 0 ? "\n  no errors" : "\n  errors");
  for (const { code, stage, count } of errors) say(`  ${code} at ${stage ?? "?"}: ${count}`);
}
