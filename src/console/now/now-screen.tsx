import { useAsked, useThrottled } from "../api/ask.js";
import { useChanges } from "../api/changes.js";
import { useEvery } from "../api/every.js";
import {
  NowAttentionDocument,
  NowCountsDocument,
  NowOpenDocument,
  PausedPipelinesDocument,
} from "../generated/operations.js";
import { Panel, Shown } from "../parts/states.js";
import { useTitle } from "../parts/title.js";
import { concernsIn } from "./concerns.js";
import { ConcernList } from "./concern-list.js";
import { CountsRow } from "./counts-row.js";
import { OpenJobs } from "./open-jobs.js";
import { Throughput } from "./throughput.js";
import { Verdict } from "./verdict.js";

/** Jobs tell of their changes; for the rest the reconciler's last look is read this often. */
const LOOK_MS = 10_000;
const NEXT_SWEEP_MS = 6_000;

/** The start page: is anything wrong, and what runs now? */
export function NowScreen() {
  const attention = useAsked(NowAttentionDocument, {});
  const pipelines = useAsked(PausedPipelinesDocument, {});
  const open = useAsked(NowOpenDocument, {});
  const counts = useAsked(NowCountsDocument, {});
  const rereadJobs = useThrottled(() => {
    open.again();
    counts.again();
    attention.again();
  }, 1_000);
  const look = useThrottled(() => {
    attention.again();
    // The estimates of what is under way have no stream of their own.
    if (open.data?.jobs.nodes.length !== 0) open.again();
    if (concerns.some(({ kind }) => kind === "PIPELINE_PAUSED")) pipelines.again();
  }, 1_000);
  useChanges({
    after: open.data?.streamCursor,
    entityTypes: ["JOB"],
    onChanges: rereadJobs,
    onGap: rereadJobs,
  });
  useEvery(LOOK_MS, look);
  const concerns = attention.data ? concernsIn(attention.data.attention, pipelines.data) : [];
  const unknown = concerns.filter(({ known }) => known === null);
  useTitle(unknown.length > 0 ? `(${unknown.length}) Now` : "Now");
  return (
    <div className="screen">
      <h1 className="for-readers">Now</h1>
      <Verdict
        fault={attention.fault}
        checkedAt={attention.data?.attention.checkedAt ?? null}
        concerns={unknown.length}
        isMore={attention.data?.attention.truncated ?? false}
        counts={counts.data?.jobCounts ?? null}
      />
      {concerns.length > 0 && (
        <ConcernList
          concerns={concerns}
          isMore={attention.data?.attention.truncated ?? false}
          checkedAt={attention.data?.attention.checkedAt ?? ""}
          onDone={() => {
            look();
            // The reconciler finds what came of it with its next sweep.
            setTimeout(look, NEXT_SWEEP_MS);
            rereadJobs();
            pipelines.again();
          }}
        />
      )}
      <Shown asked={counts} rows={1}>
        {({ jobCounts }) => <CountsRow counts={jobCounts} />}
      </Shown>
      <Panel title="In progress">
        <Shown asked={open}>{({ jobs }) => <OpenJobs jobs={jobs.nodes} hasMore={jobs.pageInfo.hasNextPage} />}</Shown>
      </Panel>
      <div className="charts">
        <Throughput title="Last hour" interval="MINUTE" buckets={60} />
        <Throughput title="Last day" interval="HOUR" buckets={24} />
      </div>
    </div>
  );
}
