import type { LimitPartsFragment, PipelinePartsFragment } from "../generated/operations.js";
import { absolute, count, duration } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { Meter } from "../parts/meter.js";
import { Lasting, useNow, When } from "../parts/when.js";
import { ableTo, type Server } from "./served.js";

/** In a word whether its work goes on, and if not, why. */
export function PipelineState({
  pipeline,
  workers,
}: {
  readonly pipeline: PipelinePartsFragment;
  readonly workers: readonly Server[] | null;
}) {
  const { name, paused, pausedReason, pausedBy, pausedAt, queued } = pipeline;
  if (paused) {
    return (
      <span className="state-cell">
        <span className="status tone-mixed">
          <Icon name="pause" size={14} />
          Paused
        </span>
        <span className="faint">
          {pausedReason} ({pausedBy}
          {pausedAt !== null && (
            <>
              , <When at={pausedAt} />
            </>
          )}
          )
        </span>
      </span>
    );
  }
  if (workers !== null && ableTo(name, workers).length === 0) {
    return (
      <span className={`status tone-${queued > 0 ? "bad" : "mixed"}`}>
        <Icon name="warning" size={14} />
        No worker
      </span>
    );
  }
  if (isAtLimit(pipeline)) {
    return (
      <span className="status tone-busy">
        <Icon name="clock" size={14} />
        At a limit
      </span>
    );
  }
  return (
    <span className="status tone-good">
      <Icon name="check" size={14} />
      Open
    </span>
  );
}

/** Whether work waits behind a limit that is used up. */
function isAtLimit({ limits, queued, stages }: PipelinePartsFragment): boolean {
  return (queued > 0 && isUsedUp(limits)) || stages.some((stage) => stage.queued > 0 && isUsedUp(stage.limits));
}

function isUsedUp(limits: LimitPartsFragment | null): boolean {
  if (limits === null) return false;
  const { concurrency, inUse, rateLeft } = limits;
  return (concurrency !== null && inUse === concurrency) || rateLeft === 0;
}

/** For how long what is due first has waited; or when it becomes due. */
export function Waited({ since }: { readonly since: string | null }) {
  const nowMs = useNow();
  if (since === null) return <span className="faint">–</span>;
  if (Date.parse(since) > nowMs + 1_000) {
    return (
      <span className="faint" title={absolute(since)}>
        due <When at={since} />
      </span>
    );
  }
  return <Lasting from={since} to={null} />;
}

/** How many are in it of how many may be. */
export function AtOnce({ limits }: { readonly limits: LimitPartsFragment | null }) {
  if (limits === null || limits.concurrency === null) return <span className="faint">no limit</span>;
  const { concurrency, inUse } = limits;
  return (
    <Meter
      value={inUse ?? 0}
      most={concurrency}
      label={`${count(inUse ?? 0)} of ${count(concurrency)}`}
      tone={inUse === concurrency ? "bad" : "busy"}
    />
  );
}

/** How many may begin in which time, how many of these have begun, and when the next one may. */
export function Rate({ limits }: { readonly limits: LimitPartsFragment | null }) {
  if (limits === null || limits.rateLimit === null) return <span className="faint">no limit</span>;
  const { rateLimit, ratePerMs, rateLeft, opensAt } = limits;
  const begun = rateLimit - (rateLeft ?? 0);
  return (
    <span className="rate">
      <Meter
        value={begun}
        most={rateLimit}
        label={`${count(begun)} of ${count(rateLimit)} in ${duration(ratePerMs!)}`}
        tone={rateLeft === 0 ? "bad" : "busy"}
      />
      {opensAt !== null && (
        <span className="faint">
          next start <When at={opensAt} />
        </span>
      )}
    </span>
  );
}
