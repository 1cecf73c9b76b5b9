import { withClient, type ClientOptions } from "./connection.js";
import { findCollection } from "./find.js";
import { age, duration, painted, plain, say, sayJson, table } from "./print.js";

export interface JobsOptions extends ClientOptions {
  readonly status?: readonly string[];
  readonly pipeline?: readonly string[];
  readonly tag?: readonly string[];
  readonly collection?: string;
  readonly stuck?: boolean;
  readonly createdAfter?: string;
  readonly createdBefore?: string;
  readonly first: number;
  readonly after?: string;
}

interface JobRow {
  readonly id: string;
  readonly pipeline: string;
  readonly status: string;
  readonly stage: string | null;
  readonly progress: number;
  readonly counts: { readonly total: number; readonly failed: number };
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly collection: { readonly name: string };
  readonly waitingOn: { readonly code: string } | null;
}
interface Page {
  readonly nodes: readonly JobRow[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly totalCount: number | null;
}

const JOBS = `query ($first: Int!, $after: String, $filter: JobFilter) { jobs(first: $first, after: $after, filter: $filter) {
  nodes { id collection { id name } pipeline pipelineVersion tags priority run status stage progress
    counts { total waiting queued running completed failed cancelled skipped }
    createdAt startedAt finishedAt statusChangedAt waitingOn { code message until position } }
  pageInfo { hasNextPage endCursor } totalCount } }`;

/** `headway jobs`: a page of them, newest first. */
export async function runJobs(options: JobsOptions): Promise<void> {
  await withClient(options, async (client) => {
    const { status, pipeline, tag: tags, stuck, createdAfter, createdBefore, collection, first, after } = options;
    const collectionId = collection === undefined ? undefined : await findCollection(client, collection);
    // What is undefined is left out of the request.
    const filter = { status, pipeline, tags, collectionId, stuck, createdAfter, createdBefore };
    const { jobs } = await client.query<{ jobs: Page }>(JOBS, { first, after: after ?? null, filter });
    if (options.json) sayJson(jobs);
    else
      print(
        jobs,
        Object.values(filter).some((value) => value !== undefined),
      );
  });
}

function print({ nodes, pageInfo, totalCount }: Page, isFiltered: boolean): void {
  if (nodes.length === 0) {
    say(
      isFiltered
        ? "No job fits these filters."
        : "There are no jobs yet; make one with: headway submit PATH… --pipeline NAME",
    );
    return;
  }
  const rows = nodes.map((job) => [
    job.id,
    plain(job.collection.name).slice(0, 40),
    job.pipeline,
    painted(job.status),
    job.stage ?? "",
    `${Math.floor(job.progress * 100)} %`,
    String(job.counts.total),
    String(job.counts.failed),
    `${age(job.createdAt)} ago`,
    job.startedAt ? duration(Date.parse(job.finishedAt ?? new Date().toISOString()) - Date.parse(job.startedAt)) : "",
    job.waitingOn?.code ?? "",
  ]);
  const head = [
    "job",
    "collection",
    "pipeline",
    "status",
    "stage",
    "done",
    "docs",
    "failed",
    "created",
    "ran",
    "waits",
  ];
  say(table(head, rows));
  const total = totalCount === null ? "more than 10,000" : String(totalCount);
  if (pageInfo.hasNextPage)
    say(`\n${nodes.length} of ${total}; continue with the same filters and --after ${pageInfo.endCursor}`);
}
