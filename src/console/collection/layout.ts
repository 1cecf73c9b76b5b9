/** Something that is drawn as a circle. */
export interface GraphNode {
  readonly id: string;
  /** Its size, from 0 to 1. */
  readonly weight: number;
}

/** Two that belong together. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** How much, from 0 to 1. */
  readonly weight: number;
}

/** Where a node stands, in units of a field of WIDTH by HEIGHT. */
export interface PlacedNode {
  readonly id: string;
  readonly x: number;
  readonly y: number;
}

export const WIDTH = 1000;
export const HEIGHT = 620;
const MARGIN = 60;
const STEPS = 220;

/**
 * Places nodes so that those that belong together stand near each other: nodes push each other away, edges pull (Fruchterman
 * and Reingold). The same graph looks the same each time, for nothing is left to chance.
 */
export function layoutOf(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): readonly PlacedNode[] {
  const number = nodes.length;
  const at = new Map(nodes.map(({ id }, place) => [id, place]));
  const x = nodes.map((_, place) => WIDTH / 2 + spiral(place, number) * Math.cos(place * GOLDEN_ANGLE) * WIDTH * 0.4);
  const y = nodes.map((_, place) => HEIGHT / 2 + spiral(place, number) * Math.sin(place * GOLDEN_ANGLE) * HEIGHT * 0.4);
  const links = edges.flatMap(({ from, to, weight }) => {
    const [a, b] = [at.get(from), at.get(to)];
    return a === undefined || b === undefined || a === b ? [] : [{ a, b, weight }];
  });
  const apart = Math.sqrt((WIDTH * HEIGHT) / Math.max(1, number)) * 0.75;
  for (let step = 0; step < STEPS; step += 1) {
    const dx = new Float64Array(number);
    const dy = new Float64Array(number);
    const push = (a: number, b: number, force: (distance: number) => number): void => {
      const [sideX, sideY] = [x[a]! - x[b]!, y[a]! - y[b]!];
      const distance = Math.max(1, Math.hypot(sideX, sideY));
      const amount = force(distance) / distance;
      dx[a]! += sideX * amount;
      dy[a]! += sideY * amount;
      dx[b]! -= sideX * amount;
      dy[b]! -= sideY * amount;
    };
    for (let a = 0; a < number; a += 1) {
      for (let b = a + 1; b < number; b += 1) push(a, b, (distance) => (apart * apart) / distance);
    }
    for (const { a, b, weight } of links) {
      push(a, b, (distance) => -((distance * distance) / apart) * (0.3 + 0.7 * weight));
    }
    const longest = (WIDTH / 12) * (1 - step / STEPS) + 1;
    for (let one = 0; one < number; one += 1) {
      const [moveX, moveY] = [dx[one]! + (WIDTH / 2 - x[one]!) * 0.06, dy[one]! + (HEIGHT / 2 - y[one]!) * 0.09];
      const share = Math.min(1, longest / Math.max(1, Math.hypot(moveX, moveY)));
      x[one] = within(x[one]! + moveX * share, WIDTH);
      y[one] = within(y[one]! + moveY * share, HEIGHT);
    }
  }
  return nodes.map(({ id }, place) => ({ id, x: x[place]!, y: y[place]! }));
}

const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

function spiral(place: number, number: number): number {
  return Math.sqrt((place + 0.5) / number);
}

function within(value: number, size: number): number {
  return Math.min(size - MARGIN, Math.max(MARGIN, value));
}
