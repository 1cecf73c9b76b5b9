import type { DataSource } from "typeorm";
import { readWithin } from "../../database/read-within.js";
import { BadInput } from "../../errors.js";
import { quantileOf, type Histogram } from "../../lifecycle/histogram.js";
import { isStorableText } from "../../model/storable-text.js";

export type StatisticsInterval = "MINUTE" | "HOUR" | "DAY";

/** Which part of a project's statistics. */
export interface AskedStatistics {
  readonly from: Date;
  /** Now when absent. */
  readonly to?: Date | null;
  readonly pipeline?: string | null;
  readonly interval: StatisticsInterval;
  /** By which days and hours begin; UTC when absent. */
  readonly timeZone?: string | null;
}

export const MAX_BUCKETS = 1_000;
const TIMEOUT_MS = 10_000;
const LENGTH_MS: Record<StatisticsInterval, number> = { MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000 };

interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}
interface StageBucket {
  readonly stage: string;
  readonly completed: number;
  readonly failed: number;
  readonly runMs: Percentiles;
}
interface Counts {
  readonly submitted: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly skipped: number;
  readonly retried: number;
}
interface Bucket extends Counts {
  readonly at: Date;
  readonly waitMs: Percentiles;
  readonly runMs: Percentiles;
  readonly stages: readonly StageBucket[] | null;
}
interface Row extends Counts {
  readonly at: Date;
  /** Null of a bucket in which nothing happened. */
  readonly stage: string | null;
  readonly wait: Histogram;
  readonly run: Histogram;
}

/**
 * What was done in each interval and how long it took, from what the reconciler has counted; every interval has a bucket.
 * @throws {BadInput} on times, zones or numbers of buckets that can't be; {AskedTooMuch} after 10 s
 */
export async function readStatistics(
  db: DataSource,
  projectId: string,
  asked: AskedStatistics,
  signal: AbortSignal,
): Promise<{ readonly asOf: Date; readonly buckets: readonly Bucket[] }> {
  const { from, interval, pipeline = null } = asked;
  const to = asked.to ?? new Date();
  const timeZone = zoneOf(asked.timeZone ?? "UTC");
  assertRange(from, to, interval);
  const cursors: { asOf: Date }[] = await db.query(
    `select coalesce(c.as_of, p.created_at) as "asOf" from headway.project p
     left join headway.statistic_cursor c on c.project_id = p.id where p.id = $1`,
    [projectId],
  );
  const named = pipeline === null || isStorableText(pipeline) ? pipeline : "";
  const rows = await readWithin<Row>(
    db,
    { what: "statistics", instead: "select one pipeline or a shorter time range", timeoutMs: TIMEOUT_MS, signal },
    BUCKETS,
    [projectId, from, to, interval.toLowerCase(), timeZone, named, interval === "MINUTE" ? 1 : 15],
  );
  return { asOf: cursors[0]!.asOf, buckets: bucketsOf(rows, pipeline !== null) };
}

function bucketsOf(rows: readonly Row[], withStages: boolean): Bucket[] {
  const buckets = new Map<number, { whole: Row | null; stages: Row[] }>();
  for (const row of rows) {
    const bucket = buckets.get(row.at.getTime()) ?? { whole: null, stages: [] };
    if (row.stage === "") bucket.whole = row;
    else if (row.stage !== null) bucket.stages.push(row);
    buckets.set(row.at.getTime(), bucket);
  }
  return [...buckets].map(([at, { whole, stages }]) => ({
    at: new Date(at),
    submitted: whole?.submitted ?? 0,
    completed: whole?.completed ?? 0,
    failed: whole?.failed ?? 0,
    cancelled: whole?.cancelled ?? 0,
    skipped: whole?.skipped ?? 0,
    retried: whole?.retried ?? 0,
    waitMs: percentilesOf(whole?.wait ?? {}),
    runMs: percentilesOf(whole?.run ?? {}),
    stages: withStages
      ? stages.map(({ stage, completed, failed, run }) => ({
          stage: stage!,
          completed,
          failed,
          runMs: percentilesOf(run),
        }))
      : null,
  }));
}

function percentilesOf(histogram: Histogram): Percentiles {
  const at = (part: number): number | null => quantileOf(histogram, part);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function zoneOf(timeZone: string): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone;
  } catch {
    throw new BadInput(
      `timeZone: "${timeZone.slice(0, 100)}" is not a time zone; name one such as Europe/Berlin or UTC.`,
      {
        field: "timeZone",
      },
    );
  }
}

function assertRange(from: Date, to: Date, interval: StatisticsInterval): void {
  if (from >= to) {
    throw new BadInput(`from is ${from.toISOString()}, and to ${to.toISOString()}; from must be before to.`, {
      field: "from",
    });
  }
  const buckets = Math.ceil((to.getTime() - from.getTime()) / LENGTH_MS[interval]);
  if (buckets <= MAX_BUCKETS) return;
  const message = `From ${from.toISOString()} to ${to.toISOString()} are ${buckets} buckets of ${interval}; at most ${MAX_BUCKETS} are told: ask for a shorter time or a longer interval.`;
  throw new BadInput(message, { field: "interval" });
}

/** $4 is the interval, $7 the minutes of the rows that it is made of. Days are steps of the zone's own calendar. */
const BUCKETS = `
  with buckets as (
    select d at time zone $5 as at
    from generate_series(date_trunc('day', $2::timestamptz at time zone $5), $3::timestamptz at time zone $5, '1 day') d
    where $4 = 'day'
    union all
    select d from generate_series(date_trunc($4, $2::timestamptz, $5), $3::timestamptz, ('1 ' || $4)::interval) d
    where $4 <> 'day'
  ), counted as materialized (
    select date_trunc($4, s.at, $5) as bucket, s.* from headway.statistic s
    where s.project_id = $1 and s.minutes = $7 and s.at >= date_trunc($4, $2::timestamptz, $5) and s.at < $3
      and ($6::text is null or s.pipeline = $6) and ($6::text is not null or s.stage = '')
  ), sums as (
    select c.bucket, c.stage, sum(c.submitted)::int as submitted, sum(c.completed)::int as completed,
      sum(c.failed)::int as failed, sum(c.cancelled)::int as cancelled, sum(c.skipped)::int as skipped,
      sum(c.retried)::int as retried
    from counted c group by 1, 2
  ), places as (
    select c.bucket, c.stage, h.which, p.place, sum(p.count::bigint) as count
    from counted c cross join (values ('wait'), ('run')) h(which)
    cross join lateral jsonb_each_text(case h.which when 'wait' then c.wait else c.run end) p(place, count)
    group by 1, 2, 3, 4
  ), histograms as (
    select bucket, stage, coalesce(jsonb_object_agg(place, count) filter (where which = 'wait'), '{}') as wait,
      coalesce(jsonb_object_agg(place, count) filter (where which = 'run'), '{}') as run
    from places group by 1, 2
  )
  select b.at, s.stage, s.submitted, s.completed, s.failed, s.cancelled, s.skipped, s.retried,
    coalesce(h.wait, '{}') as wait, coalesce(h.run, '{}') as run
  from buckets b
  left join sums s on s.bucket = b.at
  left join histograms h on h.bucket = s.bucket and h.stage = s.stage
  where b.at < $3
  order by b.at, s.stage`;
