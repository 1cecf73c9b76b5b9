import { createClient } from "graphql-ws";

const CHANGES = `subscription Follow($collectionId: ID, $jobId: ID, $taskId: ID, $after: String) {
  statusChanges(collectionId: $collectionId, jobId: $jobId, taskId: $taskId, after: $after) {
    __typename
    ... on StatusChange { id cursor entityType entityId version fromStatus toStatus fromStage toStage reason message at }
    ... on StreamGap { cause resumeAt }
  }
}`;
const NOW = `query Now($collectionId: ID, $jobId: ID, $taskId: ID) {
  now: streamCursor(collectionId: $collectionId, jobId: $jobId, taskId: $taskId)
}`;

/** What may be otherwise at the next try. */
const PASSING = ["INTERNAL", "RATE_LIMITED", "SERVICE_BUSY"];

/**
 * Yields every status change in `scope` once and in order, however often the connection breaks: each new one goes on
 * from the last cursor. `scope` is one of { collectionId }, { jobId } and { taskId }, or {} for the whole project;
 * `after` is a cursor to begin behind, from now when absent. Keep the cursor of the last change you have dealt with, and
 * a restart of your own goes on there. A StreamGap says that changes are missing: read the current state again.
 * @throws what the server refuses: an unknown id, a wrong cursor, a missing key
 */
export async function* followChanges({ url, scope = {}, after, authorization, signal, retryMs = 200, ...options }) {
  const client = createClient({
    url,
    retryAttempts: 0,
    keepAlive: 10_000,
    connectionParams: { authorization },
    ...options,
  });
  signal?.addEventListener("abort", () => void client.dispose());
  let failures = 0;
  while (!signal?.aborted) {
    try {
      for await (const { now } of after ? [] : results(client, NOW, scope)) after = now;
      for await (const { statusChanges: change } of results(client, CHANGES, { ...scope, after })) {
        after = change.cursor ?? change.resumeAt;
        failures = 0;
        yield change;
      }
    } catch (error) {
      if (isRefusal(error)) throw error;
    }
    // With some chance in it, so that a thousand clients do not come back at the same moment.
    await new Promise((wake) =>
      setTimeout(wake, Math.min(10_000, retryMs * 2 ** failures++) * (0.5 + Math.random() / 2)),
    );
  }
}

async function* results(client, query, variables) {
  for await (const { data, errors } of client.iterate({ query, variables })) {
    if (errors) throw errors;
    yield data;
  }
}

/** Errors of the request itself, or of its key: asking again would be refused again. */
function isRefusal(error) {
  if ([4400, 4401, 4403, 4406].includes(error?.code)) return true;
  return Array.isArray(error) && !error.some(({ extensions }) => PASSING.includes(extensions?.code));
}
