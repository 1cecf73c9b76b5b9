import { useState } from "react";
import { useAsked } from "../api/ask.js";
import { useEvery } from "../api/every.js";
import { ThroughputDocument, type StatisticsInterval, type ThroughputQuery } from "../generated/operations.js";
import { count, counted, duration } from "../parts/format.js";
import { Panel, Shown } from "../parts/states.js";

type Bucket = ThroughputQuery["statistics"]["buckets"][number];

interface ThroughputProps {
  readonly title: string;
  readonly interval: Exclude<StatisticsInterval, "DAY">;
  readonly buckets: number;
  /** Of this pipeline alone. */
  readonly pipeline?: string;
}

const LENGTH_MS = { MINUTE: 60_000, HOUR: 3_600_000 } as const;
/** How often the newest bucket is read anew. */
const LOOK_MS = 15_000;
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** How many tasks were completed and how many failed, bucket by bucket up to now. */
export function Throughput({ title, interval, buckets, pipeline }: ThroughputProps) {
  const lengthMs = LENGTH_MS[interval];
  const [from, setFrom] = useState(() => beginOf(lengthMs, buckets));
  const asked = useAsked(ThroughputDocument, { from, interval, timeZone: ZONE, pipeline: pipeline ?? null });
  useEvery(LOOK_MS, () => {
    const now = beginOf(lengthMs, buckets);
    if (now === from) asked.again();
    else setFrom(now);
  });
  return (
    <Panel title={title}>
      <Shown asked={asked} rows={2}>
        {({ statistics }) => <Chart title={title} interval={interval} buckets={statistics.buckets.slice(-buckets)} />}
      </Shown>
    </Panel>
  );
}

/** A full hour, so that the question and its place in the cache stay the same for an hour: what is before is cut off. */
function beginOf(lengthMs: number, buckets: number): string {
  const firstMs = (Math.floor(Date.now() / lengthMs) - buckets + 1) * lengthMs;
  return new Date(Math.floor(firstMs / LENGTH_MS.HOUR) * LENGTH_MS.HOUR).toISOString();
}

const UP = 56;
const DOWN = 20;
const WIDTH = 10;

/** Completed above the line and failed below it, so that colour is not the only difference. */
function Chart({
  title,
  interval,
  buckets,
}: Pick<ThroughputProps, "title" | "interval"> & { buckets: readonly Bucket[] }) {
  const completed = total(buckets.map((bucket) => bucket.completed));
  const failed = total(buckets.map((bucket) => bucket.failed));
  const highest = Math.max(1, ...buckets.map((bucket) => bucket.completed));
  const deepest = Math.max(1, ...buckets.map((bucket) => bucket.failed));
  const words = `${counted(completed, "task")} completed, ${count(failed)} failed`;
  const waits = buckets.map(({ waitMs }) => waitMs.p95).filter((ms) => ms !== null);
  return (
    <>
      <p>
        {words}
        {waits.length > 0 && (
          <span className="faint">; longest wait {duration(Math.max(...waits))} (95th percentile)</span>
        )}
      </p>
      <svg
        className="chart"
        role="img"
        aria-label={`${title}: ${words}`}
        viewBox={`0 0 ${buckets.length * WIDTH} ${UP + DOWN}`}
        preserveAspectRatio="none"
      >
        {buckets.map((bucket, place) => {
          const up = share(bucket.completed, highest, UP);
          const down = share(bucket.failed, deepest, DOWN);
          return (
            <g key={bucket.at}>
              <title>{`${CLOCK.format(new Date(bucket.at))}: ${count(bucket.completed)} completed, ${count(bucket.failed)} failed`}</title>
              <rect className="chart-ground" x={place * WIDTH} y={0} width={WIDTH} height={UP + DOWN} />
              <rect className="chart-good" x={place * WIDTH + 1} y={UP - up} width={WIDTH - 2} height={up} />
              <rect className="chart-bad" x={place * WIDTH + 1} y={UP + 1} width={WIDTH - 2} height={down} />
            </g>
          );
        })}
        <line className="chart-line" x1={0} x2={buckets.length * WIDTH} y1={UP} y2={UP} />
      </svg>
      <p className="chart-ends faint">
        <span>{buckets[0] && CLOCK.format(new Date(buckets[0].at))}</span>
        {completed > 0 && (
          <span>
            peak: {count(highest)} completed per {interval === "HOUR" ? "hour" : "minute"}
          </span>
        )}
        <span>now</span>
      </p>
    </>
  );
}

/** Something that is there is seen, however small its share. */
function share(value: number, most: number, height: number): number {
  return value === 0 ? 0 : Math.max(2, (value / most) * height);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
