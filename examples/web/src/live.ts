import { gql, type ApolloCache } from "@apollo/client";
import { skipToken, useApolloClient, useQuery, useSubscription } from "@apollo/client/react";
import { useCallback, useEffect, useRef } from "react";
import {
  ChangesDocument,
  ProgressDocument,
  SnapshotDocument,
  WaitingDocument,
  type ChangesSubscription,
  type JobStateFragment,
  type SnapshotQuery,
} from "./operations";
import { onSession } from "./session";

type StatusChange = Extract<ChangesSubscription["statusChanges"], { __typename: "StatusChange" }>;
export type Collection = NonNullable<SnapshotQuery["collection"]>;

const OPEN = ["QUEUED", "PROCESSING", "CANCELLING"];
/** Changes that come together are read anew together. */
const GATHER_MS = 300;
const WAITING_EVERY_MS = 5_000;
const VERSION = gql`
  fragment TaskVersion on Task {
    version
  }
`;

export function isOpen(job: Pick<JobStateFragment, "status">): boolean {
  return OPEN.includes(job.status);
}

/**
 * One page of the collection's documents, kept true: a snapshot with the cursor at which it was taken, and behind it every
 * change. What a change does not tell, such as an error, is read with the next snapshot.
 */
export function useLiveCollection(collectionId: string, after: string | null) {
  const { cache } = useApolloClient();
  const { data, previousData, error, refetch } = useQuery(SnapshotDocument, {
    variables: { collectionId, after },
    // What is cached of another page is older than the cursor.
    fetchPolicy: "network-only",
  });
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const refresh = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void refetch().catch(() => undefined); // It is in `error`.
    }, GATHER_MS);
  }, [refetch]);
  // What the key before might not see, this one may.
  useEffect(() => onSession(refresh), [refresh]);

  useSubscription(
    ChangesDocument,
    data
      ? {
          variables: { collectionId, after: data.streamCursor },
          ignoreResults: true,
          onData: ({ data: { data: event } }) => {
            const change = event?.statusChanges;
            if (change?.__typename === "StatusChange") take(cache, change);
            if (change?.__typename !== "StatusChange" || isMoreThanAStep(change)) refresh();
          },
          // Such as a cursor of another database.
          onError: refresh,
        }
      : skipToken,
  );
  const shown = data ?? previousData;
  useLiveJob(shown?.collection?.lastJob ?? null);
  return { collection: shown?.collection, isLoaded: shown !== undefined, error, refresh };
}

/** The numbers of a job while it is open, in the cache. */
function useLiveJob(job: JobStateFragment | null): void {
  const variables = job !== null && isOpen(job) ? { jobId: job.id } : null;
  useSubscription(ProgressDocument, variables ? { variables, ignoreResults: true } : skipToken);
  useQuery(WaitingDocument, variables ? { variables, pollInterval: WAITING_EVERY_MS } : skipToken);
}

/** Brings a task's change into the cache. After a snapshot some come again; what is not newer is left out. */
function take(cache: ApolloCache, { entityType, entityId, version, ...change }: StatusChange): void {
  if (entityType !== "TASK") return;
  const id = cache.identify({ __typename: "Task", id: entityId })!;
  const known = cache.readFragment<{ version: number }>({ id, fragment: VERSION });
  if (known === null || known.version >= version) return;
  cache.modify({
    id,
    fields: {
      version: () => version,
      status: () => change.toStatus,
      stage: () => change.toStage,
      attempt: () => change.attempt,
      error: () => null,
    },
  });
}

/** Jobs come and end, and tasks fail or are tried again, with more than the change says. */
function isMoreThanAStep({ entityType, toStatus, reason }: StatusChange): boolean {
  return entityType !== "TASK" || toStatus === "FAILED" || reason === "RETRY_SCHEDULED";
}
