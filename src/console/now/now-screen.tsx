import { useEffect, useEffectEvent } from "react";
import { useAsked, useThrottled } from "../api/ask.js";
import { useChanges } from "../api/changes.js";
import {
  DoctorDocument,
  NowCountsDocument,
  NowOpenDocument,
  NowTroubleDocument,
  NowWorkersDocument,
  PipelinesDocument,
} from "../generated/operations.js";
import { Panel, Shown } from "../parts/states.js";
import { useTitle } from "../parts/title.js";
import { concernsIn } from "./concerns.js";
import { ConcernList } from "./concern-list.js";
import { CountsRow } from "./counts-row.js";
import { OpenJobs } from "./open-jobs.js";
import { Verdict } from "./verdict.js";

/** Jobs tell of their changes; workers and pipelines are looked at this often. */
const LOOK_MS = 10_000;
/** The invariants take the server longer. */
const DOCTOR_MS = 60_000;

/** The start page: is anything wrong, and what runs now? */
export function NowScreen() {
  const open = useAsked(NowOpenDocument, {});
  const counts = useAsked(NowCountsDocument, {});
  const trouble = useAsked(NowTroubleDocument, {});
  const workers = useAsked(NowWorkersDocument, {});
  const pipelines = useAsked(PipelinesDocument, {});
  const doctor = useAsked(DoctorDocument, {});
  const rereadJobs = useThrottled(() => {
    open.again();
    counts.again();
    trouble.again();
  }, 1_000);
  const lookAgain = useThrottled(() => {
    workers.again();
    pipelines.again();
    trouble.again();
  }, 1_000);
  useChanges({
    after: open.data?.streamCursor,
    entityTypes: ["JOB"],
    onChanges: rereadJobs,
    onGap: rereadJobs,
  });
  useEvery(LOOK_MS, lookAgain);
  useEvery(DOCTOR_MS, doctor.again);
  const concerns = concernsIn({
    trouble: trouble.data,
    workers: workers.data,
    pipelines: pipelines.data,
    doctor: doctor.data,
  });
  useTitle(concerns.length > 0 ? `(${concerns.length}) Now` : "Now");
  const looks = [trouble, workers, pipelines, doctor];
  return (
    <div className="screen">
      <h1 className="for-readers">Now</h1>
      <Verdict looks={looks} concerns={concerns.length} open={counts.data?.jobCounts ?? null} />
      {concerns.length > 0 && (
        <ConcernList
          concerns={concerns}
          hasMore={trouble.data?.stuck.pageInfo.hasNextPage || trouble.data?.failed.pageInfo.hasNextPage || false}
          onDone={() => {
            rereadJobs();
            lookAgain();
            doctor.again();
          }}
        />
      )}
      <Shown asked={counts} rows={1}>
        {({ jobCounts }) => <CountsRow counts={jobCounts} />}
      </Shown>
      <Panel title="Under way">
        <Shown asked={open}>{({ jobs }) => <OpenJobs jobs={jobs.nodes} hasMore={jobs.pageInfo.hasNextPage} />}</Shown>
      </Panel>
    </div>
  );
}

/** While somebody looks, and at once when somebody looks again. */
function useEvery(ms: number, action: () => void): void {
  const act = useEffectEvent(action);
  useEffect(() => {
    let lookedAt = Date.now();
    const look = (): void => {
      if (document.hidden || Date.now() - lookedAt < ms - 50) return;
      lookedAt = Date.now();
      act();
    };
    const timer = setInterval(look, ms);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [ms]);
}
