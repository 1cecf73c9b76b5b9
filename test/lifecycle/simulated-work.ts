import type { JobWork } from "../../src/lifecycle/estimate.js";

/** A kind of work, as random as its jobs are. Times in seconds of the simulation. */
export interface Kind {
  readonly name: string;
  readonly documents: (random: Random) => number;
  /** Stages of a document: how long each takes, by its place among the documents (0 to 1). */
  readonly stages: readonly ((random: Random, place: number) => number)[];
  readonly collectionStage?: (random: Random, documents: number) => number;
  /** Workers at a time, in parts of how long the job would take. */
  readonly slots: (random: Random) => (second: number) => number;
  /** Part of the passages that fail once and wait for their next try. */
  readonly retried?: number;
}
export type Random = () => number;

/** What the reconciler sees of a run: its state at each look. */
export interface Run {
  readonly looks: readonly JobWork[];
  readonly endedAt: number;
}

function randomFrom(seed: number): Random {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(random() || 1e-9)) * Math.cos(2 * Math.PI * random());
const lognormal =
  (mean: number, sigma: number) =>
  (random: Random): number =>
    mean * Math.exp(sigma * normal(random) - (sigma * sigma) / 2);
const between =
  (least: number, most: number) =>
  (random: Random): number =>
    Math.floor(least + (most - least + 1) * random());
const always = (slots: number) => () => (): number => slots;

export const KINDS: readonly Kind[] = [
  { name: "even work", documents: between(150, 300), stages: [lognormal(2, 0.1)], slots: always(8) },
  { name: "few large documents among many", documents: between(300, 500), stages: [lognormal(2, 1)], slots: always(8) },
  {
    name: "two sizes of documents",
    documents: between(200, 400),
    stages: [(random) => (random() < 0.1 ? 12 : 1.2) * lognormal(1, 0.2)(random)],
    slots: always(8),
  },
  {
    name: "stages of unlike length",
    documents: between(80, 160),
    stages: [lognormal(0.3, 0.4), lognormal(4, 0.5), lognormal(1, 0.3), lognormal(0.5, 0.5)],
    slots: always(6),
  },
  {
    name: "a long end with all documents",
    documents: between(150, 250),
    stages: [lognormal(1.5, 0.4)],
    collectionStage: (random, documents) => documents * 0.1 * lognormal(1, 0.25)(random),
    slots: always(6),
  },
  {
    name: "tries that fail",
    documents: between(150, 300),
    stages: [lognormal(2, 0.5), lognormal(1, 0.4)],
    slots: always(8),
    retried: 0.15,
  },
  {
    name: "workers that join on the way",
    documents: between(200, 400),
    stages: [lognormal(2, 0.4)],
    slots: (random) => {
      const joins = 5 + random() * 15;
      return (second) => (second < joins ? 3 : 8);
    },
  },
  {
    name: "workers shared with other jobs",
    documents: between(300, 500),
    stages: [lognormal(2, 0.5)],
    slots: (random) => {
      const turns = Array.from({ length: 500 }, () => 3 + Math.floor(random() * 6));
      return (second) => turns[Math.floor(second / 6) % turns.length]!;
    },
  },
  { name: "some dozens of documents", documents: between(40, 70), stages: [lognormal(8, 0.25)], slots: always(4) },
  {
    name: "documents that grow to the end",
    documents: between(150, 300),
    stages: [(random, place) => (0.5 + 3 * place) * lognormal(1, 0.3)(random)],
    slots: always(8),
  },
];

/** How long passages of the kind take on average, as the pipeline's statistics would have it. */
export function meansOf({ stages, collectionStage, documents }: Kind): readonly number[] {
  const random = randomFrom(99);
  const draws = Array.from({ length: 3_000 }, (_, n) => n / 3_000);
  const mean = (draw: (place: number) => number): number =>
    (draws.reduce((sum, place) => sum + draw(place), 0) / draws.length) * 1_000;
  const own = stages.map((stage) => mean((place) => stage(random, place)));
  return collectionStage ? [...own, mean(() => collectionStage(random, documents(random)))] : own;
}

/** A job of the kind, looked at some eighty times. */
export function simulate(kind: Kind, seed: number, means: readonly number[]): Run {
  const random = randomFrom(seed);
  const documents = kind.documents(random);
  const slotsAt = kind.slots(random);
  const due = Array.from({ length: documents }, (_, document) => ({ document, stage: 0 }));
  /** Wait for their next try. */
  const later: { at: number; document: number; stage: number }[] = [];
  const running: { until: number; document: number; stage: number; fails: boolean }[] = [];
  let now = 0;
  /** Begins and ends of passages, in the order of time. */
  const changes: { at: number; stage: number; runs: number; passed: number }[] = [];
  while (due.length + running.length + later.length > 0) {
    for (const one of later.filter(({ at }) => at <= now)) due.unshift(...later.splice(later.indexOf(one), 1));
    while (due.length > 0 && running.length < slotsAt(now)) {
      const next = due.shift()!;
      const length = kind.stages[next.stage]!(random, next.document / documents);
      const fails = kind.retried !== undefined && random() < kind.retried;
      running.push({ until: now + length, document: next.document, stage: next.stage, fails });
      changes.push({ at: now, stage: next.stage, runs: 1, passed: 0 });
    }
    const ends = Math.min(...running.map(({ until }) => until));
    const wakes = Math.min(due.length > 0 ? now + 0.5 : Infinity, ...later.map(({ at }) => at));
    now = Math.min(ends, wakes);
    for (const one of running.filter(({ until }) => until <= now)) {
      running.splice(running.indexOf(one), 1);
      changes.push({ at: now, stage: one.stage, runs: -1, passed: one.fails ? 0 : 1 });
      if (one.fails) later.push({ at: now + 1 + random() * 2, document: one.document, stage: one.stage });
      else if (one.stage + 1 < kind.stages.length) due.unshift({ document: one.document, stage: one.stage + 1 });
    }
  }
  const collectionMs = kind.collectionStage ? kind.collectionStage(random, documents) * 1_000 : 0;
  const endedAt = now * 1_000 + collectionMs;
  return { looks: looksAt({ kind, documents, changes, means, documentsEndAt: now * 1_000, endedAt }), endedAt };
}

function looksAt(from: {
  kind: Kind;
  documents: number;
  changes: readonly { at: number; stage: number; runs: number; passed: number }[];
  means: readonly number[];
  documentsEndAt: number;
  endedAt: number;
}): JobWork[] {
  const { kind, documents, changes, means, documentsEndAt, endedAt } = from;
  const stages = kind.stages.map((_, n) => ({ name: `s${n}`, passed: 0, running: 0, failed: 0, meanMs: means[n]! }));
  const looks: JobWork[] = [];
  const marks: { at: number; fraction: number }[] = [];
  let next = 0;
  for (let n = 1; n < 80; n += 1) {
    const at = (endedAt * n) / 80;
    for (; next < changes.length && changes[next]!.at * 1_000 <= at; next += 1) {
      const { stage, runs, passed } = changes[next]!;
      stages[stage]!.running += runs;
      stages[stage]!.passed += passed;
    }
    const collectionStages = kind.collectionStage ? [{ name: "end", meanMs: means.at(-1)! }] : [];
    looks.push({
      now: at,
      startedAt: 0,
      baseFraction: 0,
      documents,
      cancelled: 0,
      stages: stages.map((stage) => ({ ...stage })),
      collectionStages,
      collectionRunningMs: Math.max(0, at - documentsEndAt),
      marks: [...marks],
    });
    const fraction = stages.reduce((sum, { passed }) => sum + passed, 0) / (documents * stages.length);
    if (Math.floor(fraction * 10) > Math.floor((marks.at(-1)?.fraction ?? 0) * 10)) marks.push({ at, fraction });
  }
  return looks;
}
