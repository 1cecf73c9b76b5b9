import { countOf, quantileOf, type Histogram } from "./histogram.js";

/** How far one stage of a job's documents has come. */
export interface StageWork {
  readonly name: string;
  /** Documents that have passed it, that are in it, and that failed in it. */
  readonly passed: number;
  readonly running: number;
  readonly failed: number;
  /** How long a passage takes, by the pipeline's history; null where none is known. */
  readonly meanMs: number | null;
}

/** What a forecast of a job's end follows from. Times are of one clock, in milliseconds. */
export interface JobWork {
  readonly now: number;
  readonly startedAt: number;
  /** Part of the work that was done by then: of a run that takes up an earlier one. */
  readonly baseFraction: number;
  /** Documents of the run that are not skipped, and how many of them were cancelled. */
  readonly documents: number;
  readonly cancelled: number;
  readonly stages: readonly StageWork[];
  /** Stages of the collection task that are not passed yet; for how long the first of them has run. */
  readonly collectionStages: readonly { readonly name: string; readonly meanMs: number | null }[];
  readonly collectionRunningMs: number;
  /** What was seen of this run before, in the order of time. */
  readonly marks: readonly { readonly at: number; readonly fraction: number }[];
}

/** What is known of a job's remaining time, before it is compared with how wrong such forecasts were. */
export interface Forecast {
  /** 0 before there is a pace, 1 to 10 by how much of the work is done, 11 in the collection stages. */
  readonly tenth: number;
  /** Part of the documents' work that is done. */
  readonly fraction: number;
  readonly remainingMs: number;
  /** Passages through stages that the pace was taken from. */
  readonly passages: number;
}

/** Earliest and latest leave out a part of this size each. */
const LEFT_OUT = 0.085;
/** From so many earlier forecasts on their errors are taken for the range. */
const ENOUGH = 20;
/** A pace is told of by what was done, and not by one passage that ended at once. */
const LEAST_FRACTION = 0.000_001;

/** The forecast of a run that has started; null where nothing is known of how long it may take. */
export function forecastOf(work: JobWork): Forecast | null {
  const weights = weightsOf(work.stages);
  const total = work.documents * weights.reduce((sum, weight) => sum + weight, 0);
  const done = doneOf(work, weights);
  const collectionMs = collectionMsOf(work);
  const passages = work.stages.reduce((sum, { passed, failed }) => sum + passed + failed, 0);
  if (total === 0 || done.settled >= total) {
    if (collectionMs === null) return null;
    return { tenth: 11, fraction: 1, remainingMs: Math.max(collectionMs, 1), passages };
  }
  const fraction = Math.min(done.all / total, 0.999_999);
  const elapsedMs = work.now - work.startedAt;
  if (passages === 0 || fraction - work.baseFraction < LEAST_FRACTION || elapsedMs <= 0) {
    return work.baseFraction > 0 ? null : serialForecast(work, fraction);
  }
  const remainingMs = (1 - fraction) / paceOf(work, fraction) + (collectionMs ?? 0);
  return {
    tenth: 1 + Math.min(9, Math.floor(fraction * 10)),
    fraction,
    remainingMs: Math.max(remainingMs, 1),
    passages,
  };
}

/** Part of the documents' work that is done, what runs counted half. */
export function fractionOf(work: JobWork): number {
  const weights = weightsOf(work.stages);
  const total = work.documents * weights.reduce((sum, weight) => sum + weight, 0);
  return total === 0 ? 1 : Math.min(1, doneOf(work, weights).all / total);
}

/** As if one worker did it all: compared with how long such runs took, it is as good as another measure. */
function serialForecast(work: JobWork, fraction: number): Forecast | null {
  if (work.stages.some(({ meanMs }) => meanMs === null)) return null;
  const perDocument = work.stages.reduce((sum, { meanMs }) => sum + meanMs!, 0);
  const remainingMs = work.documents * perDocument + (collectionMsOf(work) ?? 0);
  return { tenth: 0, fraction, remainingMs: Math.max(remainingMs, 1), passages: 0 };
}

/** Part of the work a millisecond: of the whole run so far, and of what came since the middle of it, in equal parts. */
function paceOf({ now, startedAt, baseFraction: base, marks }: JobWork, fraction: number): number {
  const overall = (fraction - base) / (now - startedAt);
  const until = base + (fraction - base) * 0.75;
  const early = marks.filter((mark) => mark.fraction > base && mark.fraction <= until && mark.at < now).at(-1);
  if (early === undefined) return overall;
  const recent = (fraction - early.fraction) / (now - early.at);
  return Math.sqrt(overall * recent);
}

/** What a stage's passage weighs: its time where that is known, else as much as the others on average. */
function weightsOf(stages: readonly StageWork[]): number[] {
  const known = stages.flatMap(({ meanMs }) => (meanMs === null || meanMs <= 0 ? [] : [meanMs]));
  const mean = known.length === 0 ? 1 : known.reduce((sum, ms) => sum + ms, 0) / known.length;
  return stages.map(({ meanMs }) => (meanMs === null || meanMs <= 0 ? mean : meanMs));
}

/** The work that is behind, what runs counted half; and that of settled documents alone. */
function doneOf({ stages, cancelled }: JobWork, weights: readonly number[]): { all: number; settled: number } {
  const perDocument = weights.reduce((sum, weight) => sum + weight, 0);
  let [settled, running] = [cancelled * perDocument, 0];
  for (const [place, stage] of stages.entries()) {
    // Who failed in a stage does neither that one nor those that follow.
    const rest = weights.slice(place).reduce((sum, weight) => sum + weight, 0);
    settled += stage.passed * weights[place]! + stage.failed * rest;
    running += (stage.running * weights[place]!) / 2;
  }
  return { all: settled + running, settled };
}

function collectionMsOf({ collectionStages, collectionRunningMs }: JobWork): number | null {
  if (collectionStages.length === 0) return 0;
  if (collectionStages.some(({ meanMs }) => meanMs === null)) return null;
  const [first, ...others] = collectionStages;
  // Past its time it is as likely to end now as later.
  const left = Math.max(first!.meanMs! - collectionRunningMs, first!.meanMs! / 5);
  return left + others.reduce((sum, { meanMs }) => sum + meanMs!, 0);
}

/** From when until when, in milliseconds from now, and the most likely of them. */
export interface Range {
  readonly earliestMs: number;
  readonly atMs: number;
  readonly latestMs: number;
  /** Earlier runs of the pipeline whose forecasts it was compared with; 0 where they were too few. */
  readonly earlierRuns: number;
}

/**
 * The range of a forecast, by how wrong those of earlier runs were at this point. Without enough of them, by how many
 * passages its pace was taken from; null for one that has no pace.
 */
export function rangeOf({ tenth, remainingMs, passages }: Forecast, errors: Histogram | undefined): Range | null {
  const earlierRuns = errors === undefined ? 0 : countOf(errors);
  if (errors !== undefined && earlierRuns >= ENOUGH) {
    const at = (part: number): number => remainingMs * quantileOf(errors, part)!;
    return { earliestMs: at(LEFT_OUT), atMs: at(0.5), latestMs: at(1 - LEFT_OUT), earlierRuns };
  }
  if (tenth === 0) return null;
  const factor = 1.2 + 1.5 / Math.sqrt(Math.max(passages, 1));
  return { earliestMs: remainingMs / factor, atMs: remainingMs, latestMs: remainingMs * factor, earlierRuns: 0 };
}
