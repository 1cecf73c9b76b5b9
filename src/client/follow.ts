import type { Api } from "./api.js";
import { ClientError, isPassing } from "./errors.js";
import { FollowJob, GetPosition, ListChanges, type FollowJobSubscription } from "./operations.js";
import { pauseMs, pause } from "./waiting.js";

/** A change of a job or of one of its tasks, or a gap: changes are missing, and where the stream continues. */
export type FollowedEvent = FollowJobSubscription["statusChanges"];

/** Options for following a job. */
export interface FollowOptions {
  /** Start after this cursor, from a change or `streamCursor`. Default: the job's first change. */
  readonly after?: string | null;
  /** Stops following, without an error. */
  readonly signal?: AbortSignal;
  /** Maximum number of failed attempts in a row. Default: no limit. */
  readonly attempts?: number;
  /** Called each time the connection is lost, before the next attempt. */
  readonly onLost?: (why: string) => void;
}

/** A socket that lived this long was a good one, and what comes after it begins to count anew. */
const GOOD_MS = 10_000;
const SETTLED: readonly string[] = ["COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELLED"];
/** Closes that no other try would change. */
const FATAL_CLOSES: Readonly<Record<number, readonly [code: string, message: string]>> = {
  4400: ["BAD_REQUEST", "The server does not understand this client. Check that both have the same version."],
  4403: ["UNAUTHENTICATED", "The key is unknown, revoked or expired."],
};

/**
 * Yields every change of a job once and in order. After a broken connection it continues after the last change. Ends when
 * the job has settled and all changes were delivered. After a gap, read again what you show.
 * @throws {ClientError} if the server rejects it; UNREACHABLE after `attempts` failures
 */
export async function* followJob(
  api: Api,
  jobId: string,
  options: FollowOptions = {},
): AsyncGenerator<FollowedEvent, void> {
  const { signal, attempts = Infinity, onLost } = options;
  let cursor = options.after ?? null;
  for (let failures = 0; ;) {
    const startedAt = Date.now();
    const before = cursor;
    try {
      for await (const event of session(api, jobId, cursor, signal)) {
        cursor = event.__typename === "StatusChange" ? event.cursor : event.resumeAt;
        yield event;
        if (signal?.aborted) return;
      }
      return;
    } catch (error) {
      if (signal?.aborted) return;
      const lost = lossOf(error);
      failures = cursor !== before || Date.now() - startedAt >= GOOD_MS ? 1 : failures + 1;
      if (failures > attempts) throw lost;
      onLost?.(lost.message);
    }
    await pause(pauseMs(failures), signal).catch(() => undefined);
    if (signal?.aborted) return;
  }
}

/** One connection; ends well only when the job is settled and nothing more is to come. */
async function* session(
  api: Api,
  jobId: string,
  after: string | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<FollowedEvent> {
  let cursor = after;
  // From the job's first change on, in pages: a stream begins behind a cursor.
  for (let hasMore = cursor === null; hasMore;) {
    const { statusChanges } = await api.run(ListChanges, { jobId, after: cursor }, { signal });
    for (const change of statusChanges.nodes) {
      yield change;
      cursor = change.cursor;
    }
    hasMore = statusChanges.pageInfo.hasNextPage;
  }
  for (;;) {
    const { job, rest } = await api.run(GetPosition, { jobId, after: cursor }, { signal });
    if (job === null || cursor === null) throw new ClientError("NOT_FOUND", `There is no job ${jobId}.`);
    if (SETTLED.includes(job.status) && rest.nodes.length === 0) return;
    // Until a change that may be the last, or a gap behind which it may have been.
    for await (const event of events(api, { jobId, after: cursor }, signal)) {
      yield event;
      cursor = event.__typename === "StatusChange" ? event.cursor : event.resumeAt;
      if (event.__typename === "StreamGap" || (event.entityType === "JOB" && SETTLED.includes(event.toStatus))) break;
    }
  }
}

async function* events(
  api: Api,
  variables: { readonly jobId: string; readonly after: string },
  signal: AbortSignal | undefined,
): AsyncGenerator<FollowedEvent> {
  const stream = api.subscribe(FollowJob, variables);
  const stop = (): void => void stream.return!().catch(() => undefined);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    for await (const { statusChanges } of stream) yield statusChanges;
    throw new ClientError("UNREACHABLE", "the server ended the stream");
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}

/** What broke the stream, as an error to try again on. @throws {ClientError} what no other try would change */
function lossOf(error: unknown): Error {
  if (error instanceof ClientError) {
    if (isPassing(error)) return error;
    throw error;
  }
  // What a socket broke with is an event of its closing, or of an error of its own.
  const { code, reason, message } = error as { code?: unknown; reason?: string; message?: string };
  const fatal = typeof code === "number" ? FATAL_CLOSES[code] : undefined;
  if (fatal !== undefined) throw new ClientError(...fatal);
  const said = reason || message || (typeof code === "number" ? `closed with ${code}` : String(error));
  return error instanceof Error ? error : new ClientError("UNREACHABLE", `The connection was lost: ${said}`);
}
