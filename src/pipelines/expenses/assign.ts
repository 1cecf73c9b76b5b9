import { munkres } from "munkres";
import type { Candidate } from "./candidates.js";

/** A pair must reach this: same amount and day with a merchant that has something in common, or better than that. */
export const ACCEPTED = 0.75;
/** Two ways to match whose sums are nearer than this are as good as each other: a person must decide. */
export const TIE = 0.04;
/** Checking every pair of a component solves it once more each: n^4 in all. */
const MAX_CHECKED = 60;
/** Matrices grow with the square; so many of one amount are told apart by nothing. */
export const MAX_COMPONENT = 1_500;

export interface Assignment {
  readonly matched: readonly Candidate[];
  /** Pairs of the best assignment that another one equals. */
  readonly tied: readonly Candidate[];
  /** Receipts left out because too many lines and receipts are alike. */
  readonly tooMany: readonly number[];
}

/** The pairs whose scores have the greatest sum, each line and receipt in one at most; component by component. */
export function assign(candidates: readonly Candidate[]): Assignment {
  const edges = candidates.filter(({ score }) => score >= ACCEPTED - TIE);
  const matched: Candidate[] = [];
  const tied: Candidate[] = [];
  const tooMany: number[] = [];
  for (const component of componentsOf(edges)) {
    const grid = new Grid(component);
    if (grid.size > MAX_COMPONENT) {
      tooMany.push(...new Set(component.map(({ receipt }) => receipt)));
      continue;
    }
    const best = grid.best();
    for (const pair of best) {
      if (pair.score < ACCEPTED) continue;
      (grid.isTied(pair, best) ? tied : matched).push(pair);
    }
  }
  return { matched, tied, tooMany };
}

/** Edges that hang together by lines and receipts; what is not connected can't compete. */
function componentsOf(edges: readonly Candidate[]): Candidate[][] {
  const parent = new Map<string, string>();
  const root = (node: string): string => {
    let at = node;
    while ((parent.get(at) ?? at) !== at) {
      const above = parent.get(at)!;
      parent.set(at, parent.get(above) ?? above);
      at = above;
    }
    return at;
  };
  for (const { line, receipt } of edges) {
    const [a, b] = [root(`l${line}`), root(`r${receipt}`)];
    parent.set(b, a);
  }
  const components = new Map<string, Candidate[]>();
  for (const edge of edges) {
    const key = root(`l${edge.line}`);
    const list = components.get(key);
    if (list) list.push(edge);
    else components.set(key, [edge]);
  }
  return [...components.values()];
}

/** One component as a matrix of costs: 1 - score; what is no candidate costs 1, as much as to stay alone. */
class Grid {
  readonly #lines: readonly number[];
  readonly #receipts: readonly number[];
  readonly #costs: number[][];
  readonly #byPlace = new Map<string, Candidate>();
  readonly #byLine: ReadonlyMap<number, readonly Candidate[]>;
  readonly #byReceipt: ReadonlyMap<number, readonly Candidate[]>;

  constructor(private readonly edges: readonly Candidate[]) {
    [this.#byLine, this.#byReceipt] = [grouped(edges, "line"), grouped(edges, "receipt")];
    this.#lines = [...this.#byLine.keys()];
    this.#receipts = [...this.#byReceipt.keys()];
    const [rowOf, columnOf] = [placesOf(this.#lines), placesOf(this.#receipts)];
    this.#costs = this.#lines.map(() => Array.from({ length: this.#receipts.length }, () => 1));
    for (const edge of edges) {
      const [row, column] = [rowOf.get(edge.line)!, columnOf.get(edge.receipt)!];
      this.#costs[row]![column] = 1 - edge.score;
      this.#byPlace.set(`${row} ${column}`, edge);
    }
  }

  get size(): number {
    return Math.max(this.#lines.length, this.#receipts.length);
  }

  best(without?: Candidate): Candidate[] {
    const costs = this.#costs.map((row) => [...row]);
    if (without) costs[this.#lines.indexOf(without.line)]![this.#receipts.indexOf(without.receipt)] = 1;
    const pairs = munkres(costs).map(([row, column]) => this.#byPlace.get(`${row} ${column}`));
    return pairs.filter((edge): edge is Candidate => edge !== undefined && edge !== without);
  }

  /** Whether all could be matched as well without this pair. */
  isTied(pair: Candidate, best: readonly Candidate[]): boolean {
    if (this.#hasEqual(pair, best)) return true;
    if (this.edges.length === 1 || this.size > MAX_CHECKED) return false;
    // What no swap of two shows, a longer exchange may.
    return sumOf(best) - sumOf(this.best(pair)) < TIE;
  }

  /** The plain ties: another free partner that is as good, or two pairs that could swap. */
  #hasEqual(pair: Candidate, best: readonly Candidate[]): boolean {
    const ofLine = new Map(best.map((one) => [one.line, one]));
    const ofReceipt = new Map(best.map((one) => [one.receipt, one]));
    const rivals = [...this.#byLine.get(pair.line)!, ...this.#byReceipt.get(pair.receipt)!];
    return rivals.some((edge) => {
      if (edge === pair) return false;
      const other = edge.line === pair.line ? ofReceipt.get(edge.receipt) : ofLine.get(edge.line);
      if (!other) return edge.score > pair.score - TIE;
      const [line, receipt] = edge.line === pair.line ? [other.line, pair.receipt] : [pair.line, other.receipt];
      const swap = this.#byLine.get(line)!.find((one) => one.receipt === receipt);
      return swap !== undefined && edge.score + swap.score > pair.score + other.score - TIE;
    });
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
