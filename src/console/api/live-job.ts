import { useCallback, useEffect, useRef } from "react";
import { useSubscription } from "urql";
import { JobLiveDocument, OneJobDocument, type JobRowFragment, type JobStatus } from "../generated/operations.js";
import { useApi } from "./api.js";
import { readMany } from "./read-many.js";

const OPEN: ReadonlySet<JobStatus> = new Set(["QUEUED", "PROCESSING", "CANCELLING"]);

export function isOpenJob({ status }: Pick<JobRowFragment, "status">): boolean {
  return OPEN.has(status);
}

/** A subscription that the server has ended with an error is tried again after so long. */
const AGAIN_MS = 2_000;

/** Follows a job while it is open, in the cache: whatever shows it moves. */
export function useJobLive(job: Pick<JobRowFragment, "id" | "status"> | undefined | null, isPaused = false): void {
  const id = job?.id ?? "";
  const pause = isPaused || !job || !isOpenJob(job);
  const [{ error }, follow] = useSubscription({ query: JobLiveDocument, variables: { id }, pause });
  useEffect(() => {
    if (!error || pause) return;
    const timer = setTimeout(() => follow(), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [error, pause, follow]);
}

/** Reads jobs anew, into the cache; what is asked for while an answer is on its way is read after it. */
export function useRereadJobs(): (ids: Iterable<string>) => void {
  const { client } = useApi();
  const wanted = useRef(new Set<string>());
  const isReading = useRef(false);
  return useCallback(
    (ids) => {
      for (const id of ids) wanted.current.add(id);
      if (isReading.current) return;
      isReading.current = true;
      void (async () => {
        while (wanted.current.size > 0) {
          const some = [...wanted.current];
          wanted.current.clear();
          await readMany(client, OneJobDocument, some);
        }
        isReading.current = false;
      })();
    },
    [client],
  );
}
