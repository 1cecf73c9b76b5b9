import { Link } from "@tanstack/react-router";
import type { WorkerPartsFragment } from "../generated/operations.js";
import { duration } from "../parts/format.js";

/** Later than this, and what it runs blocks its event loop. */
const LATE_MS = 1_000;

/** How late a worker's timers are, which is how long something blocks it. */
export function Lag({ ms }: { readonly ms: number }) {
  const isLate = ms >= LATE_MS;
  return (
    <span
      className={isLate ? "tone-mixed" : undefined}
      title={
        isLate
          ? "Timer delay at the last heartbeat. The running tasks block the event loop."
          : "Timer delay at the last heartbeat."
      }
    >
      {duration(ms)}
    </span>
  );
}

/** So many pipelines are named in a row. */
const MAX_NAMED = 4;

/** The pipelines that a worker takes, with its version of each. */
export function Takes({ serves }: Pick<WorkerPartsFragment, "serves">) {
  if (serves.length === 0) return <span className="faint">none</span>;
  return (
    <span className="tags">
      {serves.slice(0, MAX_NAMED).map(({ pipeline, version }) => (
        <Link key={pipeline} to="/pipelines/$name" params={{ name: pipeline }} className="tag">
          {pipeline} <span className="faint">v{version}</span>
        </Link>
      ))}
      {serves.length > MAX_NAMED && <span className="faint">and {serves.length - MAX_NAMED} more</span>}
    </span>
  );
}
