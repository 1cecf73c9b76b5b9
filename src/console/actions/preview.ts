import type { Client } from "urql";
import { BulkJobsDocument, JobPermissionsDocument, type BulkAction, type JobFilter } from "../generated/operations.js";

/** Which jobs something is done to. */
export type Target =
  | { readonly kind: "jobs"; readonly ids: readonly string[]; readonly errorCodes?: readonly string[] }
  | { readonly kind: "filter"; readonly filter: JobFilter };

/** What is asked for. */
export interface JobOrder {
  readonly action: BulkAction;
  readonly target: Target;
}

/** What would come of an action, as the server says it now. */
export interface Preview {
  /** How many jobs are taken; with a filter those too that may refuse. */
  readonly jobs: number;
  /** Of them, where they are few enough to be done one by one: exactly these and no others. */
  readonly ids: readonly string[];
  /** How many documents go again or stop; null where that is not known beforehand. */
  readonly documents: number | null;
  /** Jobs that are not taken, and why. */
  readonly refused: readonly { readonly id: string; readonly name: string; readonly why: string }[];
}

/** So many jobs of a filter are done one by one: the server names no more. */
const MAX_NAMED = 100;

/** Asks the server what an action would do, and changes nothing. @throws {Error} with what the server says */
export async function previewOf(client: Client, action: BulkAction, target: Target): Promise<Preview> {
  if (target.kind === "filter") return previewOfFilter(client, action, target.filter);
  const asked = await Promise.all(
    target.ids.map(async (id) => {
      const { data, error } = await client
        .query(JobPermissionsDocument, { id }, { requestPolicy: "network-only" })
        .toPromise();
      if (error) throw error;
      return { id, job: data?.job ?? null };
    }),
  );
  const refused: { id: string; name: string; why: string }[] = [];
  const ids: string[] = [];
  let documents = 0;
  for (const { id, job } of asked) {
    const permission = job && (action === "RETRY" ? job.canRetry : job.canCancel);
    const name = job?.collection.name ?? id;
    if (!job || !permission?.allowed) {
      refused.push({ id, name, why: permission?.disabledReason ?? "The job no longer exists." });
      continue;
    }
    ids.push(id);
    const { failed, cancelled, queued, running } = job.counts;
    if (action === "CANCEL") documents += queued + running;
    else if (!target.errorCodes) documents += failed + cancelled;
    else
      documents += sum(
        job.errorGroups.filter(({ code }) => target.errorCodes!.includes(code)).map((group) => group.count),
      );
  }
  return { jobs: ids.length, ids, documents, refused };
}

async function previewOfFilter(client: Client, action: BulkAction, filter: JobFilter): Promise<Preview> {
  const { data, error } = await client
    .mutation(BulkJobsDocument, { input: { action, filter, dryRun: true } })
    .toPromise();
  if (error) throw error;
  const fault = data!.bulkJobs.userErrors[0];
  if (fault) throw new Error(fault.message);
  const { matched, firstJobIds } = data!.bulkJobs;
  return { jobs: matched, ids: matched <= MAX_NAMED ? firstJobIds : [], documents: null, refused: [] };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
