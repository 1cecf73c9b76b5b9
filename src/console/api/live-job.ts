import { useCallback, useRef } from "react";
import { useSubscription } from "urql";
import { JobLiveDocument, OneJobDocument, type JobRowFragment, type JobStatus } from "../generated/operations.js";
import { useApi } from "./api.js";

const OPEN: ReadonlySet<JobStatus> = new Set(["QUEUED", "PROCESSING", "CANCELLING"]);

export function isOpenJob({ status }: Pick<JobRowFragment, "status">): boolean {
  return OPEN.has(status);
}

/** Follows a job while it is open, in the cache: whatever shows it moves. */
export function useJobLive(job: Pick<JobRowFragment, "id" | "status"> | undefined | null, isPaused = false): void {
  const id = job?.id ?? "";
  useSubscription({ query: JobLiveDocument, variables: { id }, pause: isPaused || !job || !isOpenJob(job) });
}

/** Reads jobs anew, each once however often it is asked for while that is on its way. */
export function useRereadJobs(): (ids: Iterable<string>) => void {
  const { client } = useApi();
  const reading = useRef(new Set<string>());
  return useCallback(
    (ids) => {
      for (const id of ids) {
        if (reading.current.has(id)) continue;
        reading.current.add(id);
        void client
          .query(OneJobDocument, { id }, { requestPolicy: "network-only" })
          .toPromise()
          .finally(() => reading.current.delete(id));
      }
    },
    [client],
  );
}
