import { randomUUID } from "node:crypto";
import { failpoint } from "../../failpoint.js";
import type { Serves } from "../../model/worker.js";
import { servedApart } from "../../pipelines/limit-groups.js";
import type { Registry } from "../../pipelines/registry.js";
import type { Claim } from "./claim.js";
import { keepOptionsChecks } from "./options-checks.js";
import { LimitedClaims } from "./limited-claims.js";
import { sendClaim, takenOf, type ClaimAnswer, type ClaimsOptions, type Taken } from "./send-claim.js";
import { TurnRings } from "./claim-turns.js";

export interface ClaimRequest {
  /** The pipelines that whoever claims runs. */
  readonly registry: Registry;
  readonly limit: number;
  /** "only": one suspect, which is to run with nothing beside it; "tell": none, but whether any are due. Default neither. */
  readonly suspects?: "only" | "tell";
}

/** How long a claim waits for a collection where somebody else holds all that have something due. */
const WAIT_MS = 100;
/** How often a claim that took nothing goes on behind jobs which could not have their turn, before it waits for a poll. */
const MAX_ASKS = 16;

/** What one claim says of its like, beside what it has taken. */
interface ClaimNews {
  readonly claims: Claim[];
  /** Asking again at once may take more. */
  readonly hasMore: boolean;
  /** Suspects were due, where that was asked for. */
  readonly hasSuspects: boolean;
}

/**
 * Takes due tasks, each time in a transaction of its own: a claim waits for no lock that a flush holds, and no flush for
 * one of a claim. No handler starts before the claim's commit. What has limits is claimed apart, and takes turns with what
 * has none; where nothing has limits there is nothing apart.
 */
export class Claims {
  readonly #options: ClaimsOptions;
  readonly #turns = new TurnRings();
  readonly #limited: LimitedClaims;
  #hasMore = false;
  #hasSuspects = false;
  #limitedFirst = false;
  #closed = false;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#limited = new LimitedClaims(options, { waitMs: WAIT_MS, isClosed: () => this.#closed });
  }

  /** Takes up to `limit` due tasks, by turns. */
  async take(request: ClaimRequest): Promise<Claim[]> {
    const { free, groups } = servedApart(request.registry);
    if (groups.length === 0) return this.#tell(await this.#takeFree(request, free));
    const ways = [
      (limit: number) => this.#takeFree({ ...request, limit }, free),
      (limit: number) => this.#limited.take({ ...request, limit }),
    ];
    this.#limitedFirst = !this.#limitedFirst;
    if (this.#limitedFirst) ways.reverse();
    const first = await ways[0]!(request.limit);
    // What has been taken begins at once: its lease is running, and the other way may wait for locks. Its turn is next.
    if (first.claims.length > 0) return this.#tell({ ...first, hasMore: true });
    const second = await ways[1]!(request.limit);
    return this.#tell({
      claims: second.claims,
      hasMore: first.hasMore || second.hasMore,
      hasSuspects: first.hasSuspects || second.hasSuspects,
    });
  }

  /** Whether the last claim has taken less than it might have: only so many jobs have a turn in one. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** Whether suspects were due at the last claim that asked for that. */
  get hasSuspects(): boolean {
    return this.#hasSuspects;
  }

  /** After how long a limit by rate allows more, where something waits for it; else Infinity. */
  get limitOpensInMs(): number {
    return this.#limited.opensInMs;
  }

  close(): void {
    this.#closed = true;
  }

  #tell({ claims, hasMore, hasSuspects }: ClaimNews): Claim[] {
    this.#hasMore = hasMore;
    this.#hasSuspects = hasSuspects;
    return claims;
  }

  /**
   * Asks again while somebody else holds all that is due, so that a worker which can take nothing for long is shown as
   * STALLED; what becomes due elsewhere meanwhile is taken. Jobs of an earlier version are claimed once their options have
   * been looked at.
   */
  async #takeFree(request: ClaimRequest, free: Serves): Promise<ClaimNews> {
    for (let asks = 1; ; asks += 1) {
      const { claims, isHeld, unchecked, turns, hasMore, suspects } = await this.#takeOnce(request, free);
      this.#turns.moveOn(turns);
      if (unchecked.length > 0) await keepOptionsChecks(this.#options.db, request.registry, unchecked);
      const mayTakeMore = isHeld || unchecked.length > 0 || (hasMore && asks < MAX_ASKS);
      if (claims.length > 0 || this.#closed || !mayTakeMore) return { claims, hasMore, hasSuspects: suspects };
    }
  }

  #takeOnce({ limit, suspects }: ClaimRequest, serves: Serves): Promise<Taken> {
    const { db, actor, workerId, leaseMs } = this.#options;
    const change = randomUUID();
    const turns = this.#turns.places();
    const claim = JSON.stringify({
      limit,
      suspects,
      worker: workerId,
      serves,
      turns,
      change,
      leaseMs,
      waitMs: WAIT_MS,
    });
    return sendClaim(this.#options, { change, isClosed: () => this.#closed }, async (sentAtMs) => {
      const rows: { answer: ClaimAnswer }[] = await db.query("select headway.claim_tasks($1, $2, $3) as answer", [
        workerId,
        actor.name,
        claim,
      ]);
      const taken = takenOf(rows[0]!.answer, sentAtMs);
      if (taken.claims.length > 0) await failpoint("claim.after_commit");
      return taken;
    });
  }
}
