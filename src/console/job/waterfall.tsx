import type { TaskDetailQuery } from "../generated/operations.js";
import { absolute, duration } from "../parts/format.js";
import { StatusWord } from "../parts/status.js";
import { useNow } from "../parts/when.js";

type StageRun = NonNullable<TaskDetailQuery["task"]>["stages"][number];

interface WaterfallProps {
  readonly stages: readonly StageRun[];
  /** When waiting began; null: with the first stage. */
  readonly createdAt: string | null;
}

/** The narrowest bar that can be seen, in percent of the whole. */
const NARROWEST = 0.5;

/** When each stage ran, one below the other; the gaps between them are waiting. */
export function Waterfall({ stages, createdAt }: WaterfallProps) {
  const nowMs = useNow();
  const fromMs = Date.parse(createdAt ?? stages[0]!.startedAt);
  const endOf = ({ startedAt, finishedAt }: StageRun): number =>
    finishedAt === null ? Math.max(nowMs, Date.parse(startedAt)) : Date.parse(finishedAt);
  const toMs = Math.max(fromMs + 1, ...stages.map(endOf));
  const share = (ms: number): number => (ms / (toMs - fromMs)) * 100;
  return (
    <ol className="waterfall" aria-label="Stages in execution order">
      {stages.map((run) => {
        const { stage, attempt, outcome, worker, startedAt } = run;
        const startMs = Date.parse(startedAt) - fromMs;
        const lastedMs = endOf(run) - fromMs - startMs;
        return (
          <li
            key={`${run.run} ${stage} ${attempt} ${startedAt}`}
            title={`${stage}, from ${absolute(startedAt)}${worker ? `, by ${worker}` : ""}`}
          >
            <span className="waterfall-name">
              {stage}
              {attempt > 1 && <span className="faint"> attempt {attempt}</span>}
              {run.run > 1 && <span className="faint"> run {run.run}</span>}
            </span>
            <span className="waterfall-track" aria-hidden="true">
              <span
                className={`waterfall-bar fill-${outcome === "FAILED" ? "bad" : outcome === "COMPLETED" ? "good" : outcome === null ? "busy" : "ended"}`}
                style={{
                  left: `${Math.min(share(startMs), 100 - NARROWEST)}%`,
                  width: `${Math.max(share(lastedMs), NARROWEST)}%`,
                }}
              />
            </span>
            <span className="waterfall-took numbers">
              {duration(lastedMs)}{" "}
              {outcome !== null && outcome !== "COMPLETED" && <StatusWord of="StageOutcome" word={outcome} />}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
