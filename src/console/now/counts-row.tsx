import { Link } from "@tanstack/react-router";
import type { JobStatus } from "../generated/operations.js";
import { count } from "../parts/format.js";
import { StatusWord } from "../parts/status.js";

const ORDER: readonly JobStatus[] = [
  "QUEUED",
  "PROCESSING",
  "CANCELLING",
  "COMPLETED",
  "COMPLETED_WITH_ERRORS",
  "FAILED",
  "CANCELLED",
];

/** How many jobs have each status, each with the way to them. */
export function CountsRow({
  counts,
}: {
  readonly counts: readonly { readonly status: JobStatus; readonly count: number }[];
}) {
  const known = new Map(counts.map((one) => [one.status, one.count]));
  return (
    <nav aria-label="Jobs by status" className="tiles">
      {ORDER.map((status) => (
        <Link
          key={status}
          to="/jobs"
          search={{ status: [status] }}
          className="tile"
          data-empty={(known.get(status) ?? 0) === 0}
        >
          <span className="tile-number">{count(known.get(status) ?? 0)}</span>
          <StatusWord of="JobStatus" word={status} />
        </Link>
      ))}
    </nav>
  );
}
