import { randomUUID } from "node:crypto";
import type { DataSource } from "typeorm";
import { isConnectionLoss } from "../../database/transaction.js";
import { failpoint } from "../../failpoint.js";
import { servesOf, type Registry } from "../../pipelines/registry.js";
import type { Claim } from "./claim.js";
import { keepOptionsChecks, type UncheckedOptions } from "./options-checks.js";
import { pauseAfter } from "./try-again.js";
import { TurnRings, type Places } from "./claim-turns.js";

export interface ClaimRequest {
  /** The pipelines that whoever claims runs. */
  readonly registry: Registry;
  readonly limit: number;
  /** "only": one suspect, which is to run with nothing beside it; "tell": none, but whether any are due. Default neither. */
  readonly suspects?: "only" | "tell";
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
/** How often a claim that took nothing goes on behind jobs which could not have their turn, before it waits for a poll. */
const MAX_ASKS = 16;

/**
 * Takes due tasks, each time in a transaction of its own: a claim waits for no lock that a flush holds, and no flush for
 * one of a claim. No handler starts before the claim's commit.
 */
export class Claims {
  readonly #options: ClaimsOptions;
  readonly #turns = new TurnRings();
  #hasMore = false;
  #hasSuspects = false;
  #closed = false;

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /**
   * Takes up to `limit` due tasks, by turns. Asks again while somebody else holds all that is due, so that a worker which
   * can take nothing for long is shown as STALLED; what becomes due elsewhere meanwhile is taken. Jobs of an earlier
   * version are claimed once their options have been looked at.
   */
  async take(request: ClaimRequest): Promise<Claim[]> {
    for (let asks = 1; ; asks += 1) {
      const { claims, isHeld, unchecked, turns, hasMore, suspects } = await this.#takeOnce(request);
      this.#turns.moveOn(turns);
      this.#hasMore = hasMore;
      this.#hasSuspects = suspects;
      if (unchecked.length > 0) await keepOptionsChecks(this.#options.db, request.registry, unchecked);
      if (claims.length > 0 || this.#closed) return claims;
      if (!isHeld && unchecked.length === 0 && !(hasMore && asks < MAX_ASKS)) return claims;
    }
  }

  /** Whether the last claim has taken less than it might have: only so many jobs have a turn in one. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** Whether suspects were due at the last claim that asked for that. */
  get hasSuspects(): boolean {
    return this.#hasSuspects;
  }

  close(): void {
    this.#closed = true;
  }

  async #takeOnce({ registry, ...request }: ClaimRequest): Promise<Taken> {
    const { db, actor, workerId, leaseMs, onError } = this.#options;
    const change = randomUUID();
    const claim = JSON.stringify({
      ...request,
      worker: workerId,
      serves: servesOf(registry),
      turns: this.#turns.places(),
      change,
      leaseMs,
      waitMs: WAIT_MS,
    });
    const sentAtMs = performance.now();
    for (let lost = false; ;) {
      try {
        if (lost) {
          // The answer to the first try may have been lost after its commit: what it claimed is ours already.
          const claims = toClaims(await this.#adopt(change), sentAtMs);
          if (claims.length > 0) return { claims, isHeld: false, ...NOTHING_ELSE };
        }
        await failpoint("flush.before_send");
        const rows: { answer: ClaimAnswer }[] = await db.query("select headway.claim_tasks($1, $2, $3) as answer", [
          workerId,
          actor.name,
          claim,
        ]);
        const { claimed, held, ...answer } = rows[0]!.answer;
        if (claimed === null) return { claims: [], isHeld: held, ...answer };
        await failpoint("claim.after_commit");
        return { claims: toClaims(claimed, sentAtMs), isHeld: false, ...answer };
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

/** What an answer says beside what was claimed, where it is not known. */
const NOTHING_ELSE = { unchecked: [], turns: {}, hasMore: false, suspects: false } as const;

interface Taken extends Pick<ClaimAnswer, "unchecked" | "turns" | "hasMore" | "suspects"> {
  readonly claims: Claim[];
  /** Somebody else held the collections of all that was due, or something has become due this moment. */
  readonly isHeld: boolean;
}

interface ClaimAnswer {
  readonly held: boolean;
  readonly unchecked: readonly UncheckedOptions[];
  readonly turns: Places;
  /** Asking again at once may take more. */
  readonly hasMore: boolean;
  /** Suspects are due. */
  readonly suspects: boolean;
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
