/** One place of a job's timeline as it is kept: see the table job_timeline. */
export interface TimelinePlace {
  readonly at: Date;
  readonly widthMs: number;
  /** Of each stage how many more tasks are at it at the place's end, and the seconds that they had been by then. */
  readonly stages: Readonly<Record<string, readonly [who: number, heldS: number]>>;
  readonly completed: number;
  readonly failed: number;
}

interface StageAmount {
  readonly stage: string;
  readonly amount: number;
}

/** What was at which stage over one part of a job's time. */
interface DrawnBucket {
  readonly from: Date;
  readonly to: Date;
  /** On average over the bucket; stages without any are left out. */
  readonly running: readonly StageAmount[];
  readonly completed: number;
  readonly failed: number;
}

/** How a timeline is told. */
export interface TimelineOrder {
  /** How far it goes, in milliseconds since 1970; not before the last place begins. */
  readonly endMs: number;
  /** At most so many buckets. */
  readonly most: number;
  /** The order of the stages in a bucket. */
  readonly stages: readonly string[];
}

/** Amounts are told to a thousandth, which is more than the times of changes are good for. */
const STEP = 1_000;

/** Buckets of one length, as many as are asked for at most; none where nothing has begun. `places` are in the order of time. */
export function timelineOf(places: readonly TimelinePlace[], { endMs, most, stages }: TimelineOrder): DrawnBucket[] {
  const [first] = places;
  if (first === undefined) return [];
  const { widthMs } = first;
  const fromMs = first.at.getTime();
  const lastMs = places[places.length - 1]!.at.getTime();
  const toMs = endMs > lastMs ? endMs : lastMs + widthMs;
  const lengthMs = widthMs * Math.ceil((toMs - fromMs) / (widthMs * most));
  const line = new Line(stages);
  const buckets: DrawnBucket[] = [];
  let next = 0;
  for (let at = fromMs; at < toMs; at += lengthMs) {
    const end = Math.min(at + lengthMs, toMs);
    const held: TimelinePlace[] = [];
    while (next < places.length && places[next]!.at.getTime() < end) held.push(places[next++]!);
    buckets.push({
      from: new Date(at),
      to: new Date(end),
      running: line.over(held, at, end),
      completed: held.reduce((sum, { completed }) => sum + completed, 0),
      failed: held.reduce((sum, { failed }) => sum + failed, 0),
    });
  }
  return buckets;
}

/** Who is at which stage as time goes on. */
class Line {
  readonly #order: readonly string[];
  readonly #now = new Map<string, number>();

  constructor(order: readonly string[]) {
    this.#order = order;
  }

  /** How many were at each stage on average from one time to the other, between which these places begin. */
  over(places: readonly TimelinePlace[], fromMs: number, toMs: number): StageAmount[] {
    const seconds = new Map([...this.#now].map(([stage, who]) => [stage, (who * (toMs - fromMs)) / 1_000]));
    for (const { at, widthMs, stages } of places) {
      const afterS = (toMs - at.getTime() - widthMs) / 1_000;
      for (const [stage, [who, heldS]] of Object.entries(stages)) {
        seconds.set(stage, (seconds.get(stage) ?? 0) + heldS + who * afterS);
        this.#now.set(stage, (this.#now.get(stage) ?? 0) + who);
      }
    }
    return [...seconds]
      .map(([stage, s]) => ({ stage, amount: Math.round((s * 1_000 * STEP) / (toMs - fromMs)) / STEP }))
      .filter(({ amount }) => amount > 0)
      .sort((one, other) => this.#place(one.stage) - this.#place(other.stage));
  }

  /** A stage that the job does not name comes last. */
  #place(stage: string): number {
    const place = this.#order.indexOf(stage);
    return place < 0 ? this.#order.length : place;
  }
}
