import { munkres } from "munkres";
import { ACCEPTED, TIE } from "./accepted.js";
import type { Candidate } from "./candidates.js";
import type { BookingOrder } from "./booking-order.js";

/** Checking every pair of a component solves it once more each: n^4 in all. */
const MAX_CHECKED = 60;

/**
 * One component as a matrix of costs: 1 - score; what is no candidate costs 1, as much as to stay alone. Pairs that would
 * not be accepted are no candidates: they must not push a good pair aside. They count as rivals of those that are.
 */
export class Grid {
  readonly #lines: readonly number[];
  readonly #receipts: readonly number[];
  readonly #costs: number[][];
  readonly #byPlace = new Map<string, Candidate>();
  readonly #byLine: ReadonlyMap<number, readonly Candidate[]>;
  readonly #byReceipt: ReadonlyMap<number, readonly Candidate[]>;

  constructor(
    private readonly edges: readonly Candidate[],
    private readonly order: BookingOrder,
  ) {
    [this.#byLine, this.#byReceipt] = [grouped(edges, "line"), grouped(edges, "receipt")];
    this.#lines = [...this.#byLine.keys()];
    this.#receipts = [...this.#byReceipt.keys()];
    const [rowOf, columnOf] = [placesOf(this.#lines), placesOf(this.#receipts)];
    this.#costs = this.#lines.map(() => Array.from({ length: this.#receipts.length }, () => 1));
    for (const edge of edges) {
      if (edge.score < ACCEPTED) continue;
      const [row, column] = [rowOf.get(edge.line)!, columnOf.get(edge.receipt)!];
      this.#costs[row]![column] = 1 - edge.score;
      this.#byPlace.set(`${row} ${column}`, edge);
    }
  }

  get size(): number {
    return Math.max(this.#lines.length, this.#receipts.length);
  }

  /** The accepted pairs whose scores have the greatest sum; `without` leaves one of them out. */
  best(without?: Candidate): Candidate[] {
    const costs = this.#costs.map((row) => [...row]);
    if (without) costs[this.#lines.indexOf(without.line)]![this.#receipts.indexOf(without.receipt)] = 1;
    const pairs = munkres(costs).map(([row, column]) => this.#byPlace.get(`${row} ${column}`));
    return this.#uncrossed(pairs.filter((edge): edge is Candidate => edge !== undefined && edge !== without));
  }

  /** Whether all could be matched as well without this pair. */
  isTied(pair: Candidate, best: readonly Candidate[]): boolean {
    if (this.#hasEqual(pair, best)) return true;
    if (this.edges.length === 1 || this.size > MAX_CHECKED) return false;
    // What no swap of two shows, a longer exchange may.
    const other = this.best(pair);
    return !other.includes(pair) && sumOf(best) - sumOf(other) < TIE;
  }

  /** The plain ties: another free partner that is as good, or two pairs that could swap. */
  #hasEqual(pair: Candidate, best: readonly Candidate[]): boolean {
    const ofLine = new Map(best.map((one) => [one.line, one]));
    const ofReceipt = new Map(best.map((one) => [one.receipt, one]));
    const rivals = [...this.#byLine.get(pair.line)!, ...this.#byReceipt.get(pair.receipt)!];
    return rivals.some((edge) => {
      if (edge === pair) return false;
      const other = edge.line === pair.line ? ofReceipt.get(edge.receipt) : ofLine.get(edge.line);
      if (!other) return edge.score > pair.score - TIE || this.order.isAsLikely(edge, pair);
      if (this.order.isKept(pair, other)) return false;
      const swapped = this.#swapped(pair, other);
      return swapped !== null && sumOf(swapped) > pair.score + other.score - TIE;
    });
  }

  /** Two pairs with their receipts exchanged; null where one of them would not be worth a look. */
  #swapped(one: Candidate, other: Candidate): readonly [Candidate, Candidate] | null {
    const first = this.#byLine.get(one.line)!.find(({ receipt }) => receipt === other.receipt);
    const second = this.#byLine.get(other.line)!.find(({ receipt }) => receipt === one.receipt);
    return first && second ? [first, second] : null;
  }

  /** The same with who bought first booked first, where nothing else tells two pairs apart. Every exchange undoes a crossing. */
  #uncrossed(pairs: readonly Candidate[]): Candidate[] {
    const all = [...pairs];
    for (let at = 0; at < all.length; at += 1) {
      for (let next = at + 1; next < all.length; next += 1) {
        const swapped = this.order.areAlike(all[at]!, all[next]!) && this.#swapped(all[at]!, all[next]!);
        if (!swapped || swapped.some(({ score }) => score < ACCEPTED) || !this.order.isKept(...swapped)) continue;
        [all[at], all[next]] = swapped;
        next = at;
      }
    }
    return all;
  }
}

function grouped(edges: readonly Candidate[], by: "line" | "receipt"): Map<number, Candidate[]> {
  const groups = new Map<number, Candidate[]>();
  for (const edge of edges) {
    const list = groups.get(edge[by]);
    if (list) list.push(edge);
    else groups.set(edge[by], [edge]);
  }
  return groups;
}

function placesOf(items: readonly number[]): Map<number, number> {
  return new Map(items.map((item, place) => [item, place]));
}

function sumOf(pairs: readonly Candidate[]): number {
  return pairs.reduce((sum, { score }) => sum + score, 0);
}
