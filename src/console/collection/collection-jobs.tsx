import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useState } from "react";
import { useAsked } from "../api/ask.js";
import { useJobLive } from "../api/live-job.js";
import {
  CollectionJobCountsDocument,
  CollectionJobsDocument,
  type JobRowFragment,
  type JobStatus,
} from "../generated/operations.js";
import { CountsBar, ProgressText } from "../parts/bars.js";
import { count } from "../parts/format.js";
import { StatusWord } from "../parts/status.js";
import { Empty, Shown } from "../parts/states.js";
import { Lasting, When } from "../parts/when.js";
import type { ShownCollection } from "./shown-collection.js";

interface CollectionJobsProps {
  readonly collection: ShownCollection;
  readonly revision: number;
}

/** Every job that the collection was submitted as, the newest first. */
export function CollectionJobs({ collection, revision }: CollectionJobsProps) {
  const { id } = collection;
  const [pages, setPages] = useState<readonly (string | null)[]>([null]);
  const counts = useAsked(CollectionJobCountsDocument, { id });
  const again = useEffectEvent(counts.again);
  useEffect(() => again(), [revision]);
  const found = counts.data?.jobCounts.filter(({ count: jobs }) => jobs > 0) ?? [];
  return (
    <div className="stack">
      {found.length > 0 && (
        <div className="tiles">
          {found.map(({ status, count: jobs }) => (
            <Tile key={status} collectionId={id} status={status} jobs={jobs} />
          ))}
        </div>
      )}
      {pages.map((after, place) => (
        <JobPage
          key={after ?? ""}
          id={id}
          after={after}
          revision={revision}
          onMore={place === pages.length - 1 ? (next) => setPages([...pages, next]) : null}
        />
      ))}
    </div>
  );
}

interface TileProps {
  readonly collectionId: string;
  readonly status: JobStatus;
  readonly jobs: number;
}

function Tile({ collectionId, status, jobs }: TileProps) {
  return (
    <Link to="/jobs" search={{ collection: collectionId, status: [status] }} className="tile">
      <span className="tile-number">{count(jobs)}</span>
      <StatusWord of="JobStatus" word={status} />
    </Link>
  );
}

interface JobPageProps {
  readonly id: string;
  readonly after: string | null;
  readonly revision: number;
  /** Null where the next page is shown already. */
  readonly onMore: ((after: string) => void) | null;
}

function JobPage({ id, after, revision, onMore }: JobPageProps) {
  const asked = useAsked(CollectionJobsDocument, { id, after });
  const again = useEffectEvent(asked.again);
  useEffect(() => again(), [revision]);
  return (
    <Shown asked={asked}>
      {({ collection }) => {
        const { nodes = [], pageInfo } = collection?.jobs ?? {};
        if (nodes.length === 0 && after === null) {
          return (
            <Empty icon="clock" title="No jobs yet">
              To process the documents with a pipeline, select “Submit…” above.
            </Empty>
          );
        }
        return (
          <>
            <JobTable jobs={nodes} />
            {pageInfo?.hasNextPage && onMore && (
              <Button variant="default" size="compact-sm" onClick={() => onMore(pageInfo.endCursor!)}>
                Show earlier jobs
              </Button>
            )}
          </>
        );
      }}
    </Shown>
  );
}

function JobTable({ jobs }: { readonly jobs: readonly JobRowFragment[] }) {
  return (
    <table className="rows cards">
      <caption className="for-readers">Jobs of this collection</caption>
      <thead>
        <tr>
          <th scope="col">Submitted</th>
          <th scope="col">Pipeline</th>
          <th scope="col">Status</th>
          <th scope="col">Documents</th>
          <th scope="col" className="number">
            Duration
          </th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <JobLine key={job.id} job={job} />
        ))}
      </tbody>
    </table>
  );
}

function JobLine({ job }: { readonly job: JobRowFragment }) {
  useJobLive(job);
  const { id, createdAt, pipeline, pipelineVersion, status, counts, progress, startedAt, finishedAt } = job;
  return (
    <tr>
      <td data-title="Submitted">
        <Link to="/jobs/$id" params={{ id }} className="strong">
          <When at={createdAt} />
        </Link>
      </td>
      <td data-title="Pipeline">
        <span>
          {pipeline} <span className="faint">version {pipelineVersion}</span>
        </span>
      </td>
      <td data-title="Status">
        <StatusWord of="JobStatus" word={status} />
      </td>
      <td data-title="Documents">
        <span className="progress-cell">
          <CountsBar counts={counts} />
          <ProgressText counts={counts} progress={progress} />
        </span>
      </td>
      <td data-title="Duration" className="number">
        {startedAt === null ? <span className="faint">–</span> : <Lasting from={startedAt} to={finishedAt} />}
      </td>
    </tr>
  );
}
