/**
 * Whom a worker takes beside whom. A suspect may be what its last worker died of, and runs with nothing beside it:
 * "only": this worker is for suspects, and takes one at a time; "between": it empties itself for one whenever one is due;
 * "never": others take them.
 */
export type SuspectRule = "only" | "between" | "never";

/** How many tasks a worker may take just now, and of which kind. */
export class Room {
  readonly #concurrency: number;
  readonly #rule: SuspectRule;
  /** What runs is a suspect, or was the last that ran. */
  #isAlone: boolean;
  /** The next to be taken is one. */
  #isNext: boolean;

  constructor(concurrency: number, rule: SuspectRule) {
    this.#concurrency = concurrency;
    this.#rule = rule;
    this.#isAlone = this.#isNext = rule === "only";
  }

  /** @param running how many run now */
  free(running: number): number {
    if (this.#isNext || (this.#isAlone && running > 0)) return running === 0 ? 1 : 0;
    return this.#concurrency - running;
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
    this.#isNext = !wasForOne && suspectsWait;
    // Where somebody else had it first, work goes on at once.
    return this.#isNext || (wasForOne && claims === 0);
  }
}
