import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { stageInWords } from "../parts/bars.js";
import { count } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { StatusWord } from "../parts/status.js";
import type { ShownJob } from "./shown-job.js";

interface StageLineProps {
  readonly job: ShownJob;
  /** The stage whose tasks are shown. */
  readonly chosen: string | undefined;
  readonly onChoose: (stage: string | undefined) => void;
}

/** The stages as the line that they are: what has passed, what is at them, what failed there. */
export function StageLine({ job, chosen, onChoose }: StageLineProps) {
  const { stageCounts, collectionTask, counts } = job;
  const total = Math.max(1, counts.total);
  return (
    <ol className="stage-line">
      {stageCounts.map(({ stage, queued, running, completed, failed }) => (
        <li key={stage}>
          <button
            type="button"
            className="stage"
            aria-pressed={chosen === stage}
            data-busy={running > 0}
            title={`${stage}: ${stageInWords({ stage, queued, running, completed, failed })}. Show tasks at this stage.`}
            onClick={() => onChoose(chosen === stage ? undefined : stage)}
          >
            <span className="stage-name">{stage}</span>
            <span className="stage-fill" aria-hidden="true">
              <span className="fill-good" style={{ width: `${(completed / total) * 100}%` }} />
              <span className="fill-bad" style={{ width: `${(failed / total) * 100}%` }} />
              <span className="fill-busy" style={{ width: `${(running / total) * 100}%` }} />
            </span>
            <span className="stage-counts">
              <Amount icon="check" amount={completed} word="passed" />
              {running > 0 && <Amount icon="turning" amount={running} word="running" tone="busy" />}
              {queued > 0 && <Amount icon="clock" amount={queued} word="queued" />}
              {failed > 0 && <Amount icon="cross" amount={failed} word="failed" tone="bad" />}
            </span>
          </button>
        </li>
      ))}
      {collectionTask && (
        <li>
          <Link
            to="/tasks/$id"
            params={{ id: collectionTask.id }}
            className="stage stage-all"
            data-busy={collectionTask.status === "RUNNING"}
          >
            <span className="stage-name">all documents</span>
            <StatusWord of="TaskStatus" word={collectionTask.status} />
            {collectionTask.stage !== null && collectionTask.status !== "WAITING" && (
              <span className="faint">at {collectionTask.stage}</span>
            )}
            {collectionTask.error && collectionTask.status !== "COMPLETED" && (
              <span className="tone-bad">{collectionTask.error.message}</span>
            )}
          </Link>
        </li>
      )}
    </ol>
  );
}

interface AmountProps {
  readonly icon: Parameters<typeof Icon>[0]["name"];
  readonly amount: number;
  readonly word: string;
  readonly tone?: string;
}

function Amount({ icon, amount, word, tone = "quiet" }: AmountProps): ReactNode {
  return (
    <span className={`amount tone-${tone}`}>
      <Icon name={icon} size={13} />
      {count(amount)}
      <span className="for-readers"> {word}</span>
    </span>
  );
}
