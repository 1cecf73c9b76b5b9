import { UserFault, type UserErrorCode } from "../../errors.js";
import { requestCancel } from "../cancel/cancel.js";
import type { Actor, EngineDeps } from "../engine.js";
import { retryJob } from "../retry/retry.js";

export type BulkAction = "RETRY" | "CANCEL";

/** More jobs than these are refused: what is meant for so many deserves a narrower filter. */
export const MAX_BULK_JOBS = 10_000;
/** Jobs at work at once: a part of the connections that a process has. */
const AT_ONCE = 4;
/** Refusals told one by one; of more only how many. */
const MAX_TOLD = 100;

export interface BulkOutcome {
  /** Jobs that this call retried or cancelled: each was committed. */
  readonly applied: number;
  readonly refused: readonly { readonly code: UserErrorCode; readonly message: string }[];
}

/**
 * Retries or cancels jobs one by one, each in a transaction of its own: one that is refused does not keep the others
 * from it. What nobody expected ends it as it was thrown; what had been done by then is done, and asking again goes on.
 */
export async function applyToJobs(
  deps: EngineDeps,
  actor: Actor,
  { action, jobIds, reason }: { action: BulkAction; jobIds: readonly string[]; reason: string | null },
): Promise<BulkOutcome> {
  const refused: { code: UserErrorCode; message: string }[] = [];
  let applied = 0;
  const waiting = jobIds.values();
  const work = async (): Promise<void> => {
    for (const jobId of waiting) {
      const refusal = await applyToJob(deps, actor, action, { jobId, reason });
      if (refusal === null) applied += 1;
      else refused.push(refusal);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
  return { applied, refused: shortened(refused) };
}

/** Null when it was done; else why not. */
async function applyToJob(
  deps: EngineDeps,
  actor: Actor,
  action: BulkAction,
  { jobId, reason }: { readonly jobId: string; readonly reason: string | null },
): Promise<BulkOutcome["refused"][number] | null> {
  try {
    if (action === "RETRY") await retryJob(deps, actor, { jobId, reason, from: "FAILED_STAGE" });
    else if (!(await requestCancel(deps, actor, { jobId, reason }))) {
      return { code: "NOT_CANCELLABLE", message: `Job ${jobId} is CANCELLING already.` };
    }
    return null;
  } catch (error) {
    if (!(error instanceof UserFault)) throw error;
    return { code: error.code as UserErrorCode, message: error.message };
  }
}

function shortened(refused: readonly BulkOutcome["refused"][number][]): BulkOutcome["refused"] {
  if (refused.length <= MAX_TOLD) return refused;
  const rest = refused.slice(MAX_TOLD);
  return [
    ...refused.slice(0, MAX_TOLD),
    { code: rest[0]!.code, message: `And ${rest.length} more jobs were refused; narrow the filter to see why.` },
  ];
}
