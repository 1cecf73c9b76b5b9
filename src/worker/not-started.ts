import { DeadlineExceeded } from "../async/with-deadline.js";
import { HeadwayError, messageOf } from "../errors.js";

/** How long a worker may take to start. */
export const START_DEADLINE_MS = 10_000;

/** Why a worker has not started, with the step that it hangs or failed in. */
export function notStarted(error: unknown, step: string, lastClaimError: unknown): HeadwayError {
  if (error instanceof DeadlineExceeded) {
    const last = lastClaimError === null ? "" : ` The last claim failed: ${messageOf(lastClaimError)}`;
    return new HeadwayError(
      "WORKER_NOT_STARTED",
      `The worker did not start within ${START_DEADLINE_MS} ms: it is stuck in ${step}.${last}`,
    );
  }
  if (error instanceof HeadwayError) return error;
  return new HeadwayError(
    "WORKER_NOT_STARTED",
    `The worker can't start, in ${step}: ${String(error)}`,
    {},
    { cause: error },
  );
}
