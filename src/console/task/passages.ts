/** One passage of the task through a stage, as the API tells it. */
export interface StagePassage {
  readonly stage: string;
  readonly run: number;
  readonly attempt: number;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly outcome: string | null;
  readonly worker: string | null;
}

/** A passage with the wait before it. Times are in milliseconds since 1970. */
export interface TimedPassage<Passage> {
  readonly passage: Passage;
  /** When the wait before it began: at the end of the passage before, or with the take. */
  readonly waitedFromMs: number;
  readonly startMs: number;
  /** Now, where it runs still. */
  readonly endMs: number;
}

/** All passages between the moment that the task became due and its end: one more take for each time that somebody retried it. */
export interface Take<Passage> {
  readonly fromMs: number;
  readonly toMs: number;
  readonly passages: readonly TimedPassage<Passage>[];
  /** Since when it waits now; null where it runs or is settled. */
  readonly waitsSinceMs: number | null;
  readonly waitedMs: number;
  readonly ranMs: number;
}

interface TakesOf<Passage> {
  readonly passages: readonly Passage[];
  readonly createdAt: string;
  /** When somebody retried it, each time. */
  readonly retriedAt: readonly string[];
  /** Whether it waits for a worker now. */
  readonly isWaiting: boolean;
  readonly nowMs: number;
}

/** The passages in takes, waiting apart from running. Between two takes it was settled, which is no waiting. */
export function takesOf<Passage extends StagePassage>(given: TakesOf<Passage>): readonly Take<Passage>[] {
  const { passages, createdAt, retriedAt, isWaiting, nowMs } = given;
  const starts = [createdAt, ...retriedAt].map((at) => Date.parse(at)).toSorted((a, b) => a - b);
  const sorted = passages.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
  const takes = starts.map((fromMs, place): Take<Passage> => {
    const nextMs = starts[place + 1] ?? Infinity;
    const own = sorted.filter(({ startedAt }) => {
      const startMs = Date.parse(startedAt);
      // What began before the task was there can only be of a clock that is off: it belongs to the first take.
      return startMs < nextMs && (startMs >= fromMs || place === 0);
    });
    return takeOf(own, fromMs, place === starts.length - 1 && isWaiting, nowMs);
  });
  return takes.filter(({ passages: own, waitsSinceMs }) => own.length > 0 || waitsSinceMs !== null);
}

function takeOf<Passage extends StagePassage>(
  own: readonly Passage[],
  fromMs: number,
  isWaiting: boolean,
  nowMs: number,
): Take<Passage> {
  let endedMs = fromMs;
  let waitedMs = 0;
  let ranMs = 0;
  const passages = own.map((passage): TimedPassage<Passage> => {
    const startMs = Math.max(endedMs, Date.parse(passage.startedAt));
    const endMs = Math.max(startMs, passage.finishedAt === null ? nowMs : Date.parse(passage.finishedAt));
    const timed = { passage, waitedFromMs: endedMs, startMs, endMs };
    waitedMs += startMs - endedMs;
    ranMs += endMs - startMs;
    endedMs = endMs;
    return timed;
  });
  const toMs = isWaiting ? Math.max(endedMs, nowMs) : endedMs;
  return {
    fromMs,
    toMs: Math.max(toMs, fromMs + 1),
    passages,
    waitsSinceMs: isWaiting ? endedMs : null,
    waitedMs: waitedMs + (isWaiting ? toMs - endedMs : 0),
    ranMs,
  };
}

/** The id of the worker that a passage or a refused write names as `worker:<its id>`. */
export function workerIdIn(worker: string | null): string | null {
  return worker?.startsWith("worker:") ? worker.slice("worker:".length) : null;
}
