import { randomUUID } from "node:crypto";
import type { DataSource } from "typeorm";
import { isConnectionLoss } from "../../database/transaction.js";
import { failpoint } from "../../failpoint.js";
import { servesOf, type Registry } from "../../pipelines/registry.js";
import type { Claim } from "./claim.js";
import { keepOptionsChecks, type UncheckedOptions } from "./options-checks.js";
import { pauseAfter } from "./try-again.js";

export interface ClaimRequest {
  /** A guess which tasks are due; may be empty. */
  readonly ids: readonly string[];
  /** The pipelines that whoever claims runs. */
  readonly registry: Registry;
  readonly limit: number;
}

export interface ClaimsOptions {
  readonly db: DataSource;
  readonly actor: { readonly type: "WORKER" | "SYSTEM"; readonly name: string };
  readonly workerId: string | null;
  readonly leaseMs: number;
  readonly crashLimit: number;
  readonly onError: (error: unknown, doing: string) => void;
}

/** How long a claim waits for a collection where somebody else holds all that have something due. */
const WAIT_MS = 100;

/**
 * Takes due tasks, each time in a transaction of its own: a claim waits for no lock that a flush holds, and no flush for
 * one of a claim. No handler starts before the claim's commit.
 */
export class Claims {
  readonly #options: ClaimsOptions;
  #closed = false;

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /**
   * Takes up to `limit` due tasks, of equal jobs those with a hinted task first. Asks again while somebody else holds all
   * that is due, so that a worker which can take nothing for long is shown as STALLED; what becomes due elsewhere
   * meanwhile is taken. Jobs of an earlier version are claimed once their options have been looked at.
   */
  async take(request: ClaimRequest): Promise<Claim[]> {
    for (;;) {
      const { claims, isHeld, unchecked } = await this.#takeOnce(request);
      if (unchecked.length > 0) await keepOptionsChecks(this.#options.db, request.registry, unchecked);
      if (claims.length > 0 || this.#closed || !(isHeld || unchecked.length > 0)) return claims;
    }
  }

  close(): void {
    this.#closed = true;
  }

  async #takeOnce({ registry, ...request }: ClaimRequest): Promise<Taken> {
    const { db, actor, workerId, leaseMs, onError } = this.#options;
    const change = randomUUID();
    const serves = servesOf(registry);
    const claim = JSON.stringify({ ...request, worker: workerId, serves, change, leaseMs, waitMs: WAIT_MS });
    const sentAtMs = performance.now();
    for (let lost = false; ;) {
      try {
        if (lost) {
          // The answer to the first try may have been lost after its commit: what it claimed is ours already.
          const claims = toClaims(await this.#adopt(change), sentAtMs);
          if (claims.length > 0) return { claims, isHeld: false, unchecked: [] };
        }
        await failpoint("flush.before_send");
        const rows: { answer: ClaimAnswer }[] = await db.query("select headway.claim_tasks($1, $2, $3) as answer", [
          workerId,
          actor.name,
          claim,
        ]);
        const { claimed, held, unchecked } = rows[0]!.answer;
        if (claimed === null) return { claims: [], isHeld: held, unchecked };
        await failpoint("claim.after_commit");
        return { claims: toClaims(claimed, sentAtMs), isHeld: false, unchecked };
      } catch (error) {
        lost ||= isConnectionLoss(error);
        await pauseAfter(error, {
          doing: "claiming; trying again",
          isClosed: this.#closed,
          repeatsLate: true,
          waitsForRoom: true,
          onError,
        });
      }
    }
  }

  /** By the id of the claim, which nobody else writes: a cancel that came since then has changed `change_id`. */
  async #adopt(claimId: string): Promise<Claimed> {
    const rows: { answer: Claimed }[] = await this.#options.db.query(
      `select headway.claimed(array(select id from headway.task
         where worker_id = $1 and claim_id = $2 and status = 'RUNNING')) as answer`,
      [this.#options.workerId, claimId],
    );
    return rows[0]!.answer;
  }
}

interface Taken {
  readonly claims: Claim[];
  /** Somebody else held the collections of all that was due. */
  readonly isHeld: boolean;
  readonly unchecked: readonly UncheckedOptions[];
}

interface ClaimAnswer {
  readonly held: boolean;
  readonly unchecked: readonly UncheckedOptions[];
  readonly claimed: Claimed | null;
}

/** What is the same for all tasks of a job stands with the job. */
interface Claimed {
  readonly jobs: Readonly<Record<string, Claim["job"] & Pick<Claim, "projectId" | "collection">>>;
  readonly tasks: readonly (Omit<Claim, "job" | "projectId" | "collection" | "claimedAtMs"> & {
    readonly jobId: string;
  })[];
}

function toClaims({ jobs, tasks }: Claimed, claimedAtMs: number): Claim[] {
  return tasks.map(({ jobId, ...task }) => {
    const { projectId, collection, ...job } = jobs[jobId]!;
    return { ...task, projectId, collection, job, claimedAtMs };
  });
}
