import { Link } from "@tanstack/react-router";
import { useJobLive } from "../api/live-job.js";
import type { NowOpenQuery } from "../generated/operations.js";
import { ProgressText, StageStrip } from "../parts/bars.js";
import { EstimateText } from "../parts/estimate.js";
import { StatusWord } from "../parts/status.js";
import { Empty } from "../parts/states.js";
import { Lasting } from "../parts/when.js";

/** An open job with its estimate. */
type OpenJobRow = NowOpenQuery["jobs"]["nodes"][number];

interface OpenJobsProps {
  readonly jobs: readonly OpenJobRow[];
  readonly hasMore: boolean;
}

/** What is queued or runs, stage by stage, as it moves. */
export function OpenJobs({ jobs, hasMore }: OpenJobsProps) {
  if (jobs.length === 0) {
    return (
      <Empty icon="check" title="No jobs in progress">
        Jobs appear here until they finish. <Link to="/jobs">View all jobs</Link>.
      </Empty>
    );
  }
  return (
    <>
      <ul className="open-jobs">
        {jobs.map((job) => (
          <OpenJob key={job.id} job={job} />
        ))}
      </ul>
      {hasMore && (
        <p className="faint">
          These are the newest jobs;{" "}
          <Link to="/jobs" search={{ status: ["QUEUED", "PROCESSING", "CANCELLING"] }}>
            view all
          </Link>
          .
        </p>
      )}
    </>
  );
}

function OpenJob({ job }: { readonly job: OpenJobRow }) {
  useJobLive(job);
  const { id, status, pipeline, collection, counts, stageCounts, progress, startedAt, createdAt } = job;
  return (
    <li className="open-job">
      <div className="open-job-head">
        <Link to="/jobs/$id" params={{ id }} className="strong">
          {collection.name}
        </Link>
        <span className="faint">{pipeline}</span>
        <StatusWord of="JobStatus" word={status} />
        <span className="spread" />
        <ProgressText counts={counts} progress={progress} />
        <span className="faint numbers">
          <Lasting from={startedAt ?? createdAt} to={null} />
        </span>
        <span className="numbers">
          <EstimateText estimate={job.eta} />
        </span>
      </div>
      <StageStrip stages={stageCounts} total={counts.total} />
    </li>
  );
}
