import { useState } from "react";
import { useAsked } from "../api/ask.js";
import { useEvery } from "../api/every.js";
import { StageTimesDocument, type PipelinePartsFragment, type StageTimesQuery } from "../generated/operations.js";
import { count, duration } from "../parts/format.js";
import { Panel, Shown } from "../parts/states.js";
import { When } from "../parts/when.js";

type Bucket = StageTimesQuery["statistics"]["buckets"][number];

/** What the reconciler counts comes a few seconds later. */
const LOOK_MS = 15_000;
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const DAY_MS = 86_400_000;

/** How many passed and failed at each stage today and yesterday, and how long that took. */
export function StageTimes({ pipeline }: { readonly pipeline: PipelinePartsFragment }) {
  const [from] = useState(() => new Date(Math.floor((Date.now() - DAY_MS) / 60_000) * 60_000).toISOString());
  const asked = useAsked(StageTimesDocument, { from, pipeline: pipeline.name, timeZone: ZONE });
  useEvery(LOOK_MS, asked.again);
  return (
    <Panel title="Durations">
      <Shown asked={asked} rows={3}>
        {({ statistics: { buckets, asOf } }) => {
          const days = buckets.slice(-2).toReversed();
          const isEmpty = days.every(
            ({ completed, failed, stages }) => completed + failed + (stages ?? []).length === 0,
          );
          return isEmpty ? (
            <p className="faint">No tasks have finished since yesterday.</p>
          ) : (
            <>
              <div className="charts">
                {days.map((day, place) => (
                  <Day key={day.at} title={place === 0 ? "Today" : "Yesterday"} day={day} pipeline={pipeline} />
                ))}
              </div>
              <p className="faint">
                Each duration is the median, followed by the 95th percentile. Updated <When at={asOf} />.
              </p>
            </>
          );
        }}
      </Shown>
    </Panel>
  );
}

interface DayProps {
  readonly title: string;
  readonly day: Bucket;
  readonly pipeline: PipelinePartsFragment;
}

function Day({ title, day, pipeline }: DayProps) {
  const stages = pipeline.stages.map(({ name }) => ({ name, done: day.stages?.find(({ stage }) => stage === name) }));
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <p>
        {count(day.completed)} completed, {count(day.failed)} failed, {count(day.retried)} retried
      </p>
      <table className="rows">
        <caption className="for-readers">{title}, by stage</caption>
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col" className="number">
              Passed
            </th>
            <th scope="col" className="number">
              Failed
            </th>
            <th scope="col" className="number">
              Duration
            </th>
          </tr>
        </thead>
        <tbody>
          {stages.map(({ name, done }) => (
            <tr key={name}>
              <td>{name}</td>
              <td className="number">{count(done?.completed ?? 0)}</td>
              <td className="number">
                {done && done.failed > 0 ? <strong className="tone-bad">{count(done.failed)}</strong> : "0"}
              </td>
              <td className="number">
                <Times of={done?.runMs} />
              </td>
            </tr>
          ))}
          <tr>
            <td>
              <em>Waiting for a worker</em>
            </td>
            <td className="number" />
            <td className="number" />
            <td className="number">
              <Times of={day.waitMs} />
            </td>
          </tr>
        </tbody>
      </table>
    </section>
  );
}

function Times({ of }: { readonly of: { readonly p50: number | null; readonly p95: number | null } | undefined }) {
  if (of === undefined || of.p50 === null || of.p95 === null) return <span className="faint">–</span>;
  return (
    <>
      {duration(of.p50)} <span className="faint">/ {duration(of.p95)}</span>
    </>
  );
}
