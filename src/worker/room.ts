/**
 * Whom a worker takes beside whom. A suspect may be what its last worker died of, and runs with nothing beside it:
 * "only": this worker is for suspects, and takes one at a time; "between": it empties itself for one whenever one is due;
 * "never": others take them.
 */
export type SuspectRule = "only" | "between" | "never";

const ASK_AGAIN_MS = 1_000;

/** How many tasks a worker may take just now, and of which kind. */
export class Room {
  readonly #concurrency: number;
  readonly #rule: SuspectRule;
  readonly #patienceMs: number;
  /** What runs is a suspect, or was the last that ran. */
  #isAlone: boolean;
  /** The next to be taken is one. */
  #isNext: boolean;
  /** Until when it empties itself for one; then it takes others for as long again. */
  #nextUntil = -Infinity;

  /** @param patienceMs how long it takes nothing more while work that goes on keeps a suspect waiting */
  constructor(concurrency: number, rule: SuspectRule, patienceMs: number) {
    this.#concurrency = concurrency;
    this.#rule = rule;
    this.#patienceMs = patienceMs;
    this.#isAlone = this.#isNext = rule === "only";
  }

  /**
   * @param running how many run now
   * @param left of these, those whose handlers were to stop and do not: nobody knows for how long
   */
  free(running: number, left: number): number {
    const others = running - left;
    if (this.#rule === "between" && this.#isNext && others > 0 && performance.now() > this.#nextUntil) {
      this.#isNext = false;
    }
    const free = this.#concurrency - running;
    if (this.#isNext || (this.#isAlone && others > 0)) return others === 0 ? Math.min(1, free) : 0;
    return free;
  }

  /** What the next claim asks for. */
  get asks(): "only" | "tell" | undefined {
    if (this.#isNext) return "only";
    return this.#rule === "between" ? "tell" : undefined;
  }

  /** A claim has taken so many; `suspectsWait` is what it told where it asked for that. Returns whether to claim again. */
  took(claims: number, suspectsWait: boolean): boolean {
    if (this.#rule !== "between") return false;
    const wasForOne = this.#isNext;
    this.#isAlone = wasForOne && claims > 0;
    const now = performance.now();
    this.#isNext = !wasForOne && suspectsWait && now > this.#nextUntil + this.#patienceMs;
    if (this.#isNext) this.#nextUntil = now + this.#patienceMs;
    // Where it got none, it asks again in a second: the one it was told of may not begin just now.
    else if (wasForOne) this.#nextUntil = claims > 0 ? -Infinity : now - this.#patienceMs + ASK_AGAIN_MS;
    // Where somebody else had it first, work goes on at once.
    return this.#isNext || (wasForOne && claims === 0);
  }
}
