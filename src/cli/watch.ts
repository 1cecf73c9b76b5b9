import { HeadwayError, messageOf } from "../errors.js";
import type { ApiClient } from "./client.js";
import { withClient, type ClientOptions } from "./connection.js";
import { EXIT, exitCodeOfJob } from "./exit-codes.js";
import { kindOf } from "./find.js";
import { CHANGE_FIELDS, Follower, type ChangeEvent, type GapEvent } from "./follow.js";
import { createView, type View, type WatchedJob } from "./watch-view.js";

/** Sockets are opened again by the follower, which knows where it stands. */
const NO_RECONNECTS = { reconnects: 0 };
const SETTLED = ["COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELLED"];
const JOB = `id pipeline pipelineVersion run status version progress
  counts { total completed failed cancelled skipped queued running waiting } stageCounts { stage queued running completed failed }
  summary { durationMs errors { code stage count } }
  artifacts(first: 20) { nodes { name sizeBytes } pageInfo { hasNextPage } }`;

/** `headway watch JOB`: its changes as they happen, until it is settled; the exit code says how it ended. */
export async function runWatch(jobId: string, options: ClientOptions & { after?: string }): Promise<void> {
  await withClient(
    options,
    async (client) => {
      await kindOf(client, jobId, ["Job"]);
      await watchJob(client, jobId, options);
    },
    NO_RECONNECTS,
  );
}

/** Watches the job behind `after`, or from now on where that is absent, and sets the exit code. */
export async function watchJob(
  client: ApiClient,
  jobId: string,
  { after, json }: { readonly after?: string; readonly json?: boolean },
): Promise<void> {
  const { cursor, job } = await client.query<{ cursor: string; job: WatchedJob }>(
    `query ($id: ID!) { cursor: streamCursor(jobId: $id) job(id: $id) { ${JOB} } }`,
    { id: jobId },
  );
  const view = createView(client, job, json === true);
  const signal = stopSignal();
  try {
    view.start(job);
    const ended = isSettled(job)
      ? await replay(client, job, view, after)
      : await follow(client, jobId, view, { after: after ?? cursor, signal });
    if (ended) process.exitCode = exitCodeOfJob(ended.status);
  } finally {
    view.close();
  }
}

/** Prints what came behind the cursor of a job that is settled, page by page. */
async function replay(client: ApiClient, job: WatchedJob, view: View, after?: string): Promise<WatchedJob> {
  let cursor = after;
  while (cursor !== undefined) {
    const { page } = await client.query<{ page: { nodes: ChangeEvent[]; pageInfo: { hasNextPage: boolean } } }>(
      `query ($id: ID!, $after: String) { page: statusChanges(first: 100, after: $after, filter: { jobId: $id }) {
         nodes { kind: __typename ${CHANGE_FIELDS} } pageInfo { hasNextPage } } }`,
      { id: job.id, after: cursor },
    );
    for (const change of page.nodes) await view.change(change);
    cursor = page.pageInfo.hasNextPage ? page.nodes.at(-1)!.cursor : undefined;
  }
  view.end(job);
  return job;
}

/** Null when it was stopped before the job was settled. */
async function follow(
  client: ApiClient,
  jobId: string,
  view: View,
  { after, signal }: { readonly after: string; readonly signal: AbortSignal },
): Promise<WatchedJob | null> {
  let ended: WatchedJob | null = null;
  const handle = async (event: ChangeEvent | GapEvent): Promise<boolean> => {
    const mayBeOver = event.kind === "StreamGap" || (event.entityType === "JOB" && SETTLED.includes(event.toStatus));
    // Read before anything is shown: what fails here is handed over again.
    const job = mayBeOver ? await readJob(client, jobId) : null;
    if (event.kind === "StreamGap") view.gap(event, job!);
    else await view.change(event);
    // A retry may have opened it again since: then its end is still to come.
    const isOver = job !== null && isSettled(job) && (event.kind === "StreamGap" || job.version === event.version);
    if (isOver) ended = job;
    return isOver;
  };
  const follower = new Follower({ client, jobId, signal, handle, onLost: (why) => view.lost(why) }, after);
  try {
    await follower.run();
  } catch (error) {
    const { code } = error as { code?: unknown };
    const resume = `The job continues. Resume watching with: ${resumeCommand(jobId, follower.cursor)}`;
    throw new HeadwayError(typeof code === "string" ? code : "UNREACHABLE", `${messageOf(error)}\n${resume}`);
  }
  // It was settled before the follower came, and the cursor stood at its end.
  if (!signal.aborted) ended ??= await readJob(client, jobId);
  if (ended) view.end(ended);
  else {
    view.stopped(follower.cursor, resumeCommand(jobId, follower.cursor));
    process.exitCode = EXIT.interrupted;
  }
  return ended;
}

async function readJob(client: ApiClient, id: string): Promise<WatchedJob> {
  return (await client.query<{ job: WatchedJob }>(`query ($id: ID!) { job(id: $id) { ${JOB} } }`, { id })).job;
}

function isSettled({ status }: { readonly status: string }): boolean {
  return SETTLED.includes(status);
}

function resumeCommand(jobId: string, cursor: string): string {
  return `headway watch ${jobId} --after ${cursor}`;
}

/** Aborted by the first Ctrl-C, SIGTERM or SIGHUP; a second Ctrl-C ends the process at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  // For good: the process ends with its watch, and what comes in between must not change how.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted && name === "SIGINT") process.exit(EXIT.interrupted);
      controller.abort();
    });
  }
  return controller.signal;
}
