/** What a bench hands back: a line of the table each. */
export interface Row {
  /** Such as "B1". */
  readonly bench: string;
  /** Such as "documents a second". */
  readonly measure: string;
  /** Null: it could not be measured, and `note` says why. */
  readonly ours: number | null;
  /** Who stands beside it, such as "Bull, a queue a stage"; empty where the bar is a figure. */
  readonly peer: string;
  readonly theirs: number | null;
  /** In the words of the bar, such as "≥ 2 ×" or "≤ 25 ms". */
  readonly bar: string;
  /** Null: not known. */
  readonly met: boolean | null;
  /** Settings, spread, or the reason why it was not run. */
  readonly note: string;
}

export interface Bench {
  readonly name: string;
  /** In half a line. */
  readonly about: string;
  /** Not part of the whole run, for it takes longer than ten minutes or a lot of disk. */
  readonly onDemand: boolean;
  /** @throws when it can't begin; what a peer can't do becomes a row with `not run` */
  run(say: (line: string) => void): Promise<Row[]>;
}

/** The middle one; of an even number the mean of the two. @throws on none */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** @param p from 0 to 100, linear between neighbours. @throws on none */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new Error("There is no percentile of no values.");
  const sorted = values.toSorted((a, b) => a - b);
  const place = ((sorted.length - 1) * p) / 100;
  const below = sorted[Math.floor(place)]!;
  return below + (sorted[Math.ceil(place)]! - below) * (place - Math.floor(place));
}

/** Who takes part in a bench of rates. */
export interface Contestant {
  readonly name: string;
  /** A number of documents done a second. */
  round(): Promise<number>;
}

/** A contestant's rates, or why it has none. */
export type Outcome = { readonly rates: readonly number[] } | { readonly notRun: string };

/**
 * Each in turn, round after round: what the machine does meanwhile strikes all alike. Who fails once is out, with the
 * reason, and the others go on.
 */
export async function interleave(
  contestants: readonly Contestant[],
  rounds: number,
  say: (line: string) => void,
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>(contestants.map(({ name }) => [name, { rates: [] }]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const contestant of contestants) {
      const { name } = contestant;
      const before = outcomes.get(name)!;
      if ("notRun" in before) continue;
      try {
        const rate = await contestant.round();
        say(`round ${round}: ${name} ${rate.toFixed(0)} a second`);
        outcomes.set(name, { rates: [...before.rates, rate] });
      } catch (error) {
        outcomes.set(name, { notRun: error instanceof Error ? error.message : String(error) });
        say(`round ${round}: ${name} not run: ${String(error)}`);
      }
    }
  }
  return outcomes;
}

/** Compares our rate with a peer's: met when ours is at least `times` theirs. */
export function against(
  bench: string,
  measure: string,
  ours: Outcome,
  peer: { readonly name: string; readonly outcome: Outcome; readonly times: number | null; readonly settings: string },
): Row {
  const mine = "rates" in ours ? median(ours.rates) : null;
  const theirs = "rates" in peer.outcome ? median(peer.outcome.rates) : null;
  return {
    bench,
    measure,
    ours: mine,
    peer: peer.name,
    theirs,
    bar: peer.times === null ? "" : `≥ ${peer.times} ×`,
    met: mine === null || theirs === null || peer.times === null ? null : mine / theirs >= peer.times,
    note: "notRun" in peer.outcome ? `not run: ${peer.outcome.notRun}` : peer.settings,
  };
}

/** A figure and the most it may be. */
export function atMost(bench: string, measure: string, ours: number, most: number, unit: string, note = ""): Row {
  return {
    bench,
    measure: `${measure}, ${unit}`,
    ours,
    peer: "",
    theirs: null,
    bar: `≤ ${most}`,
    met: ours <= most,
    note,
  };
}

/** A time, and what of another's it may be at most; without the other it stands alone. */
export function shareOf(
  bench: string,
  measure: string,
  ours: number,
  peer: {
    readonly name: string;
    readonly figure: number | null;
    /** Null: it is told, and nothing is asked of it. */
    readonly most: number | null;
    readonly note: string;
  },
): Row {
  const { name, figure, most, note } = peer;
  const isBarred = figure !== null && most !== null;
  return {
    bench,
    measure,
    ours,
    peer: figure === null ? "" : name,
    theirs: figure,
    bar: isBarred ? `≤ ${most} ×` : "",
    met: isBarred ? ours / figure <= most : null,
    note,
  };
}

/** A bench, or a part of it, that could not be measured. */
export function notRun(bench: string, measure: string, why: string): Row {
  return { bench, measure, ours: null, peer: "", theirs: null, bar: "", met: null, note: `not run: ${why}` };
}
