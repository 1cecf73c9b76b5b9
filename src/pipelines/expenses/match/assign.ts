import { ACCEPTED, TIE } from "./accepted.js";
import type { BookingOrder } from "./booking-order.js";
import type { Candidate } from "./candidates.js";
import { Grid } from "./grid.js";

/** Matrices grow with the square; so many of one amount are told apart by nothing. */
export const MAX_COMPONENT = 1_500;

export interface Assignment {
  readonly matched: readonly Candidate[];
  /** Pairs of the best assignment that another one equals. */
  readonly tied: readonly Candidate[];
  /** Receipts left out because too many lines and receipts are alike. */
  readonly tooMany: readonly number[];
}

/**
 * The pairs whose scores have the greatest sum, each line and receipt in one at most; component by component. `order` tells
 * apart what scores the same.
 */
export function assign(candidates: readonly Candidate[], order: BookingOrder): Assignment {
  const edges = candidates.filter(({ score }) => score >= ACCEPTED - TIE);
  const matched: Candidate[] = [];
  const tied: Candidate[] = [];
  const tooMany: number[] = [];
  for (const component of componentsOf(edges)) {
    const grid = new Grid(component, order);
    if (grid.size > MAX_COMPONENT) {
      tooMany.push(...new Set(component.map(({ receipt }) => receipt)));
      continue;
    }
    const best = grid.best();
    for (const pair of best) (grid.isTied(pair, best) ? tied : matched).push(pair);
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
