import { Tabs } from "@mantine/core";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useAsked, useThrottled } from "../api/ask.js";
import { useChanges, type Change } from "../api/changes.js";
import { useEvery } from "../api/every.js";
import { isOpenJob, useJobLive } from "../api/live-job.js";
import { JobPageDocument } from "../generated/operations.js";
import { Empty, FaultNote, Loading, Panel } from "../parts/states.js";
import { useTitle } from "../parts/title.js";
import { WaitingNote } from "../parts/waiting-note.js";
import { JOB_TABS, type JobSearch } from "../shell/search.js";
import { Failures } from "./failures.js";
import { JobHistory } from "./history.js";
import { JobHead } from "./job-head.js";
import { JobOrderShown } from "./order-shown.js";
import { JobResults } from "./results.js";
import { StageLine } from "./stage-line.js";
import { JobTasks } from "./tasks.js";

const LOOK_MS = 10_000;

/** One job: how far it is, why it does not move, what failed and what can be done, and what came of it. */
export function JobScreen() {
  const { id } = useParams({ from: "/jobs/$id" });
  // Another job is another screen: nothing of the one before may stay in it.
  return <OneJobScreen key={id} id={id} />;
}

function OneJobScreen({ id }: { readonly id: string }) {
  const search = useSearch({ from: "/jobs/$id" });
  const navigate = useNavigate({ from: "/jobs/$id" });
  const asked = useAsked(JobPageDocument, { id });
  const job = asked.data?.job;
  useJobLive(job);
  const parts = useRef<HTMLDivElement>(null);
  // Told past this screen: drawing all of it five times a second is felt by whoever scrolls.
  const [followers] = useState(() => new Set<(changes: readonly Change[]) => void>());
  const [gaps, setGaps] = useState(0);
  const reread = useThrottled(asked.again, 1_000);
  useChanges({
    after: asked.data?.streamCursor,
    entityTypes: ["JOB", "TASK"],
    jobId: id,
    onChanges: (found) => {
      for (const follow of followers) follow(found);
      if (found.some(matters)) reread();
    },
    onGap: () => {
      setGaps((old) => old + 1);
      reread();
    },
  });
  // The estimate and what it waits for have no stream of their own.
  useEvery(LOOK_MS, () => {
    if (job && isOpenJob(job)) reread();
  });
  useTitle(job ? `${job.collection.name} · ${job.pipeline}` : "Job");
  const change = (part: Partial<JobSearch>): void => {
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true, resetScroll: false });
  };
  if (!job) {
    // No cursor is given for what is not there, and so nothing is answered.
    const isUnknown = asked.fault?.code === "BAD_USER_INPUT" || (asked.data !== undefined && job === null);
    return (
      <div className="screen">
        <h1 className="for-readers">Job</h1>
        {asked.fault && !isUnknown && <FaultNote fault={asked.fault} again={asked.again} />}
        {asked.isLoading && <Loading rows={8} />}
        {isUnknown && (
          <Empty title="Job not found">
            No job with the ID <code>{id}</code> exists, or this key can't access it.{" "}
            <Link to="/jobs">View all jobs</Link>.
          </Empty>
        )}
      </div>
    );
  }
  const tab = search.tab ?? "tasks";
  // Who asks for tasks above them is led to where they are.
  const show = (part: Partial<JobSearch>): void => {
    change({ ...part, tab: "tasks" });
    parts.current?.scrollIntoView({ block: "start" });
  };
  return (
    <div className="screen">
      <JobHead job={job} onDone={asked.again} />
      {asked.fault && <FaultNote fault={asked.fault} again={asked.again} />}
      {job.waitingOn && <WaitingNote waitingOn={job.waitingOn} />}
      <Panel title="Stages">
        <StageLine
          job={job}
          chosen={search.stage?.[0]}
          onChoose={(stage) => show({ stage: stage ? [stage] : undefined })}
        />
      </Panel>
      {job.errorGroups.length > 0 && (
        <Failures
          job={job}
          onDone={asked.again}
          onShow={(stage, code) => show({ status: undefined, document: undefined, stage, code })}
        />
      )}
      <Tabs
        value={tab}
        onChange={(value) => change({ tab: JOB_TABS.find((word) => word === value) })}
        keepMounted={false}
      >
        <Tabs.List aria-label="Job sections" ref={parts} className="job-parts">
          <Tabs.Tab value="tasks">Tasks</Tabs.Tab>
          <Tabs.Tab value="results">Results</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
          <Tabs.Tab value="order">Submission</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="tasks" pt="sm">
          <JobTasks job={job} search={search} onChange={change} followers={followers} gaps={gaps} />
        </Tabs.Panel>
        <Tabs.Panel value="results" pt="sm">
          <JobResults job={job} />
        </Tabs.Panel>
        <Tabs.Panel value="history" pt="sm">
          <JobHistory id={job.id} version={job.version} />
        </Tabs.Panel>
        <Tabs.Panel value="order" pt="sm">
          <JobOrderShown job={job} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

/** What changes more of the job than its counts, which come by themselves. */
function matters({ entityType, toStatus }: Change): boolean {
  return entityType === "JOB" || toStatus === "FAILED" || toStatus === "CANCELLED";
}
