import { Fragment } from "react";
import { counted, duration } from "../parts/format.js";
import { StatusWord } from "../parts/status.js";
import { Empty, Panel } from "../parts/states.js";
import { useNow, When } from "../parts/when.js";
import { takesOf, type Take } from "./passages.js";
import type { ShownTask } from "./shown-task.js";
import type { WorkerNames } from "./worker-names.js";

type Passage = ShownTask["stages"][number];

/** The narrowest bar that can be seen, in percent of the whole. */
const NARROWEST = 0.4;
const FILLS: Readonly<Record<string, string>> = { FAILED: "bad", COMPLETED: "good" };

interface TakesProps {
  readonly task: ShownTask;
  /** When somebody retried it, each time. */
  readonly retriedAt: readonly string[];
  readonly nameOf: WorkerNames;
}

/** Where the task's time went: each passage through a stage on a worker, and the waits between them. */
export function TaskTakes({ task, retriedAt, nameOf }: TakesProps) {
  const nowMs = useNow();
  const { stages, createdAt, status } = task;
  const isWaiting = status === "QUEUED" || status === "WAITING";
  const takes = takesOf({ passages: stages, createdAt, retriedAt, isWaiting, nowMs });
  const workers = new Set(stages.map(({ worker }) => worker)).size;
  const [waitedMs, ranMs] = [sum(takes, "waitedMs"), sum(takes, "ranMs")];
  return (
    <Panel
      title="Stages and attempts"
      aside={
        <span className="take-legend faint">
          <span className="take-key take-wait" aria-hidden="true" /> waited {duration(waitedMs)}
          <span className="take-key fill-good" aria-hidden="true" /> ran {duration(ranMs)}
          {workers > 0 && <> on {counted(workers, "worker")}</>}
        </span>
      }
    >
      {takes.length === 0 && (
        <Empty icon="skip" title="No stage has run">
          {status === "SKIPPED"
            ? "Nothing to do: the same content was completed before."
            : "The task was settled before a worker claimed it."}
        </Empty>
      )}
      {takes.map((take, place) => (
        <Fragment key={take.fromMs}>
          {takes.length > 1 && (
            <h3>
              {place === 0 ? "Started" : "Retried"} <When at={take.fromMs} />
            </h3>
          )}
          <OneTake take={take} nameOf={nameOf} />
        </Fragment>
      ))}
    </Panel>
  );
}

function sum(takes: readonly Take<Passage>[], part: "waitedMs" | "ranMs"): number {
  return takes.reduce((total, take) => total + take[part], 0);
}

function OneTake({ take, nameOf }: { readonly take: Take<Passage>; readonly nameOf: WorkerNames }) {
  const { fromMs, toMs, passages, waitsSinceMs } = take;
  const share = (ms: number): number => (ms / (toMs - fromMs)) * 100;
  return (
    <ol className="takes" aria-label="Stages in execution order">
      {passages.map(({ passage, waitedFromMs, startMs, endMs }) => {
        const { stage, attempt, outcome, worker } = passage;
        const waitedMs = startMs - waitedFromMs;
        return (
          <li key={`${stage} ${passage.startedAt}`}>
            <span className="take-name">
              {stage}
              {attempt > 1 && <span className="faint"> attempt {attempt}</span>}
            </span>
            <span className="take-track" aria-hidden="true">
              {waitedMs > 0 && (
                <Bar className="take-wait" left={share(waitedFromMs - fromMs)} width={share(waitedMs)} />
              )}
              <Bar
                className={`fill-${outcome === null ? "busy" : (FILLS[outcome] ?? "ended")}`}
                left={share(startMs - fromMs)}
                width={share(endMs - startMs)}
              />
            </span>
            <span className="take-took numbers">
              {duration(endMs - startMs)}
              {waitedMs >= 1 && <span className="faint"> after waiting {duration(waitedMs)}</span>}
            </span>
            <span className="take-worker faint">{nameOf(worker) ?? "unknown worker"}</span>
            <span className="take-outcome">
              {outcome === null ? (
                <StatusWord of="TaskStatus" word="RUNNING" />
              ) : (
                <StatusWord of="StageOutcome" word={outcome} />
              )}
            </span>
          </li>
        );
      })}
      {waitsSinceMs !== null && (
        <li>
          <span className="take-name faint">waiting now</span>
          <span className="take-track" aria-hidden="true">
            <Bar className="take-wait" left={share(waitsSinceMs - fromMs)} width={share(toMs - waitsSinceMs)} />
          </span>
          <span className="take-took numbers">{duration(toMs - waitsSinceMs)} so far</span>
        </li>
      )}
    </ol>
  );
}

function Bar({
  className,
  left,
  width,
}: {
  readonly className: string;
  readonly left: number;
  readonly width: number;
}) {
  return (
    <span
      className={`take-bar ${className}`}
      style={{ left: `${Math.min(left, 100 - NARROWEST)}%`, width: `${Math.max(width, NARROWEST)}%` }}
    />
  );
}
