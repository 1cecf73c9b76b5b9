import type { Client } from "urql";
import {
  BulkJobsDocument,
  CancelJobDocument,
  RetryJobDocument,
  type BulkAction,
  type RetryFrom,
} from "../generated/operations.js";
import { count, counted } from "../parts/format.js";
import type { Preview, Target } from "./preview.js";

/** What is done, and how. */
export interface Order {
  readonly action: BulkAction;
  readonly target: Target;
  readonly preview: Preview;
  readonly from: RetryFrom;
  /** Kept in the history; empty where none is given. */
  readonly reason: string;
}

/** What came of it, in a sentence; refusals in the server's own words. */
export interface Outcome {
  readonly said: string;
  readonly faults: readonly string[];
  /** How many jobs were refused, also where the server does not name them all. */
  readonly refusals: number;
  /** Of them, where they were done one by one. */
  readonly refused: readonly string[];
}

/** Does what the preview has shown. One job that is refused does not keep the others from it. */
export async function carryOut(client: Client, order: Order): Promise<Outcome> {
  const { target, preview } = order;
  return target.kind === "filter" && preview.ids.length === 0 ? inBulk(client, order) : oneByOne(client, order);
}

async function inBulk(client: Client, { action, target, reason }: Order): Promise<Outcome> {
  const { filter } = target as Extract<Target, { kind: "filter" }>;
  const input = { action, filter, dryRun: false, reason: reason || null };
  const { data, error } = await client.mutation(BulkJobsDocument, { input }).toPromise();
  if (error) return { said: "", faults: [error.message], refusals: 1, refused: [] };
  const { applied, matched, userErrors } = data!.bulkJobs;
  const verb = action === "RETRY" ? "retried" : "being cancelled";
  return {
    said: `${count(applied)} of ${counted(matched, "job")} ${verb}.`,
    faults: userErrors.map(({ message }) => message),
    // One error may be about the whole request; several are about a job each.
    refusals: userErrors.length > 1 ? matched - applied : userErrors.length,
    refused: [],
  };
}

async function oneByOne(client: Client, order: Order): Promise<Outcome> {
  const faults: string[] = [];
  const refused: string[] = [];
  let jobs = 0;
  let documents = 0;
  for (const jobId of order.preview.ids) {
    const done = await (order.action === "RETRY" ? retry(client, order, jobId) : cancel(client, order, jobId));
    if (typeof done === "string") {
      faults.push(done);
      refused.push(jobId);
    } else {
      jobs += 1;
      documents += done;
    }
  }
  const what =
    order.action === "RETRY" ? ` retried: ${counted(documents, "document")} will run again.` : " being cancelled.";
  return { said: jobs > 0 ? counted(jobs, "job") + what : "", faults, refusals: refused.length, refused };
}

/** How many documents go again, or why none do. */
async function retry(client: Client, { target, from, reason }: Order, jobId: string): Promise<number | string> {
  const errorCodes = target.kind === "jobs" && target.errorCodes ? [...target.errorCodes] : null;
  const input = { jobId, errorCodes, from, reason: reason || null };
  const { data, error } = await client.mutation(RetryJobDocument, { input }).toPromise();
  if (error) return error.message;
  return data!.retryJob.userErrors[0]?.message ?? data!.retryJob.retriedTasks;
}

async function cancel(client: Client, { reason }: Order, jobId: string): Promise<number | string> {
  const { data, error } = await client
    .mutation(CancelJobDocument, { input: { jobId, reason: reason || null } })
    .toPromise();
  if (error) return error.message;
  return data!.cancelJob.userErrors[0]?.message ?? 0;
}
