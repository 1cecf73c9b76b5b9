import type { DataSource } from "typeorm";
import { isConnectionLoss } from "../../database/transaction.js";
import { failpoint } from "../../failpoint.js";
import type { Claim } from "./claim.js";
import type { Places } from "./claim-turns.js";
import type { UncheckedOptions } from "./options-checks.js";
import { pauseAfter } from "./try-again.js";

export interface ClaimsOptions {
  readonly db: DataSource;
  readonly actor: { readonly type: "WORKER" | "SYSTEM"; readonly name: string };
  readonly workerId: string | null;
  readonly leaseMs: number;
  readonly crashLimit: number;
  readonly onError: (error: unknown, doing: string) => void;
}

/** As claim_tasks answers. */
export interface ClaimAnswer {
  readonly held: boolean;
  readonly unchecked: readonly UncheckedOptions[];
  readonly turns: Places;
  /** Asking again at once may take more. */
  readonly hasMore: boolean;
  /** Suspects are due. */
  readonly suspects: boolean;
  readonly claimed: Claimed | null;
}

export interface Taken extends Pick<ClaimAnswer, "unchecked" | "turns" | "hasMore" | "suspects"> {
  readonly claims: Claim[];
  /** Somebody else held the collections of all that was due, or something has become due this moment. */
  readonly isHeld: boolean;
}

/** What is the same for all tasks of a job stands with the job. */
interface Claimed {
  readonly jobs: Readonly<Record<string, Claim["job"] & Pick<Claim, "projectId" | "collection">>>;
  readonly tasks: readonly (Omit<Claim, "job" | "projectId" | "collection" | "claimedAtMs"> & {
    readonly jobId: string;
  })[];
}

/** What an answer says beside what was claimed, where it is not known. */
const NOTHING_ELSE = { unchecked: [], turns: {}, hasMore: false, suspects: false } as const;

/** Sends a claim until there is an answer; after a lost connection what it had claimed is ours already. */
export async function sendClaim<T>(
  { db, workerId, onError }: ClaimsOptions,
  how: { readonly change: string; readonly isClosed: () => boolean },
  send: (sentAtMs: number) => Promise<T>,
): Promise<T | Taken> {
  const sentAtMs = performance.now();
  for (let lost = false; ;) {
    try {
      if (lost) {
        const claims = toClaims(await adopt(db, workerId, how.change), sentAtMs);
        if (claims.length > 0) return { claims, isHeld: false, ...NOTHING_ELSE };
      }
      await failpoint("flush.before_send");
      return await send(sentAtMs);
    } catch (error) {
      lost ||= isConnectionLoss(error);
      await pauseAfter(error, {
        doing: "claiming; trying again",
        isClosed: how.isClosed(),
        repeatsLate: true,
        waitsForRoom: true,
        onError,
      });
    }
  }
}

export function takenOf({ claimed, held, ...answer }: ClaimAnswer, sentAtMs: number): Taken {
  if (claimed === null) return { claims: [], isHeld: held, ...answer };
  return { claims: toClaims(claimed, sentAtMs), isHeld: false, ...answer };
}

/** By the id of the claim, which nobody else writes: a cancel that came since then has changed `change_id`. */
async function adopt(db: DataSource, workerId: string | null, claimId: string): Promise<Claimed> {
  const rows: { answer: Claimed }[] = await db.query(
    `select headway.claimed(array(select id from headway.task
       where worker_id = $1 and claim_id = $2 and status = 'RUNNING')) as answer`,
    [workerId, claimId],
  );
  return rows[0]!.answer;
}

function toClaims({ jobs, tasks }: Claimed, claimedAtMs: number): Claim[] {
  // One object for all tasks of a job: made for each, they were a thirtieth of what the worker has to collect.
  const shared = new Map(
    Object.entries(jobs).map(([id, { projectId, collection, ...job }]) => [id, { projectId, collection, job }]),
  );
  return tasks.map(({ jobId, ...task }) => ({ ...task, ...shared.get(jobId)!, claimedAtMs }));
}
