import { randomUUID } from "node:crypto";
import { failpoint } from "../../failpoint.js";
import { servedApart, type LimitGroup } from "../../pipelines/limit-groups.js";
import type { Registry } from "../../pipelines/registry.js";
import type { Claim } from "./claim.js";
import { TurnRings } from "./claim-turns.js";
import { keepOptionsChecks } from "./options-checks.js";
import { sendClaim, takenOf, type ClaimAnswer, type ClaimsOptions, type Taken } from "./send-claim.js";

interface LimitedRequest {
  readonly registry: Registry;
  readonly limit: number;
  readonly suspects?: "only" | "tell";
}

/** As claim_limited answers. */
interface LimitedAnswer {
  readonly group: number | null;
  readonly answer: ClaimAnswer | null;
  readonly opensInMs: number | null;
  readonly suspects: boolean;
}

type LimitedTaken = Taken & Pick<LimitedAnswer, "group" | "opensInMs">;

/** How often a claim asks for what can be had only in a moment, before it leaves it to the next poll. */
const MAX_ASKS = 16;
/** A limit that opens sooner is looked at then: each look is a statement or two. */
const SHORTEST_WAIT_MS = 25;

/**
 * Takes tasks at stages with limits. Which limits are open is decided in the database, under the lock of their rows: no
 * worker keeps a share that others could not see. Groups of stages take turns.
 */
export class LimitedClaims {
  readonly #options: ClaimsOptions;
  readonly #how: { readonly waitMs: number; readonly isClosed: () => boolean };
  readonly #turns = new Map<LimitGroup, TurnRings>();
  #last: LimitGroup | null = null;
  #opensAtMs = Infinity;

  constructor(options: ClaimsOptions, how: { readonly waitMs: number; readonly isClosed: () => boolean }) {
    this.#options = options;
    this.#how = how;
  }

  /** After how long the first of the limits by rate opens that something waits for; else Infinity. */
  get opensInMs(): number {
    return Math.max(SHORTEST_WAIT_MS, this.#opensAtMs - performance.now());
  }

  /** Takes up to `limit` tasks of one group. */
  async take(request: LimitedRequest): Promise<{ claims: Claim[]; hasMore: boolean; hasSuspects: boolean }> {
    this.#opensAtMs = Infinity;
    let groups = this.#inTurn(servedApart(request.registry).groups);
    let hasSuspects = false;
    for (let asks = 1; groups.length > 0 && asks <= MAX_ASKS && !this.#how.isClosed(); asks += 1) {
      const taken = await this.#ask(request, groups);
      hasSuspects ||= taken.suspects;
      if (taken.claims.length > 0) return { claims: taken.claims, hasMore: true, hasSuspects };
      this.#opensAtMs = Math.min(this.#opensAtMs, performance.now() + (taken.opensInMs ?? Infinity));
      if (taken.group === null) break;
      if (taken.unchecked.length > 0) await keepOptionsChecks(this.#options.db, request.registry, taken.unchecked);
      // Its limits are open, but nothing of it can be had: the others are asked for without it.
      else if (!taken.isHeld && !taken.hasMore) groups = groups.slice(taken.group + 1);
    }
    return { claims: [], hasMore: false, hasSuspects };
  }

  /** Those behind the one that was served last come first. */
  #inTurn(groups: readonly LimitGroup[]): readonly LimitGroup[] {
    const next = this.#last === null ? 0 : groups.indexOf(this.#last) + 1;
    return [...groups.slice(next), ...groups.slice(0, next)];
  }

  #turnsOf(group: LimitGroup): TurnRings {
    let turns = this.#turns.get(group);
    if (!turns) this.#turns.set(group, (turns = new TurnRings()));
    return turns;
  }

  async #ask({ registry, ...request }: LimitedRequest, groups: readonly LimitGroup[]): Promise<LimitedTaken> {
    const { db, actor, workerId, leaseMs } = this.#options;
    const change = randomUUID();
    const serves = servedApart(registry).limited;
    const { waitMs } = this.#how;
    const claim = JSON.stringify({ ...request, worker: workerId, serves, change, leaseMs, waitMs });
    const sent = groups.map((group) => ({ ...group, turns: this.#turnsOf(group).places() }));
    const taken = await sendClaim(this.#options, { change, ...this.#how }, async (sentAtMs): Promise<LimitedTaken> => {
      const rows: { answer: LimitedAnswer }[] = await db.query(
        "select headway.claim_limited($1, $2, $3, $4) as answer",
        [workerId, actor.name, claim, JSON.stringify(sent)],
      );
      const { group, answer, opensInMs, suspects } = rows[0]!.answer;
      if (answer === null || group === null) return { ...NOTHING, group: null, opensInMs, suspects };
      const one = takenOf(answer, sentAtMs);
      this.#turnsOf(groups[group]!).moveOn(one.turns);
      this.#last = groups[group]!;
      if (one.claims.length > 0) await failpoint("claim.after_commit");
      return { ...one, group, opensInMs, suspects };
    });
    // What a lost answer had claimed is found again without its group.
    return "group" in taken ? taken : { ...taken, group: null, opensInMs: null };
  }
}

const NOTHING = { claims: [] as Claim[], isHeld: false, unchecked: [], turns: {}, hasMore: false } as const;
