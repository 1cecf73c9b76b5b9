import { randomUUID } from "node:crypto";
import type { DataSource } from "typeorm";
import { isConnectionLoss } from "../../database/transaction.js";
import { failpoint } from "../../failpoint.js";
import { servesOf, type Registry } from "../../pipelines/registry.js";
import type { Claim } from "./claim.js";
import { keepOptionsChecks, type UncheckedOptions } from "./options-checks.js";
import { pauseAfter } from "./try-again.js";
import { Turns, type Places } from "./turns.js";

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

interface ClaimAnswer {
  readonly claims: Claim[];
  /** Somebody else held the collections of all that was due. */
  readonly claimHeld: boolean;
  readonly unchecked: readonly UncheckedOptions[];
  readonly turns: Places;
  /** Asking again at once may take more. */
  readonly hasMore: boolean;
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
  readonly #turns = new Turns();
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
      const { claims, claimHeld, unchecked, turns, hasMore } = await this.#takeOnce(request);
      this.#turns.moveOn(turns);
      if (unchecked.length > 0) await keepOptionsChecks(this.#options.db, request.registry, unchecked);
      if (claims.length > 0 || this.#closed) return claims;
      if (!claimHeld && unchecked.length === 0 && !(hasMore && asks < MAX_ASKS)) return claims;
    }
  }

  close(): void {
    this.#closed = true;
  }

  async #takeOnce({ registry, ...request }: ClaimRequest): Promise<ClaimAnswer> {
    const { db, actor, workerId, leaseMs, crashLimit, onError } = this.#options;
    const change = randomUUID();
    const claim = JSON.stringify({
      ...request,
      serves: servesOf(registry),
      turns: this.#turns.places(),
      change,
      leaseMs,
      waitMs: WAIT_MS,
    });
    for (let lost = false; ;) {
      try {
        if (lost) {
          // The answer to the first try may have been lost after its commit: what it claimed is ours already.
          const claims = await this.#adopt(change);
          if (claims.length > 0) return { claims, claimHeld: false, unchecked: [], turns: {}, hasMore: false };
        }
        await failpoint("flush.before_send");
        const rows: { answer: ClaimAnswer }[] = await db.query(
          "select headway.record_changes($1, $2, $3, $4, '[]', $5) as answer",
          [actor.type, actor.name, workerId, crashLimit, claim],
        );
        const answer = rows[0]!.answer;
        if (answer.claims.length > 0) await failpoint("claim.after_commit");
        return answer;
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

  async #adopt(change: string): Promise<Claim[]> {
    const rows: { claims: Claim[] }[] = await this.#options.db.query(
      `select headway.claimed(array(select id from headway.task
         where worker_id = $1 and change_id = $2 and status = 'RUNNING')) as claims`,
      [this.#options.workerId, change],
    );
    return rows[0]!.claims;
  }
}
