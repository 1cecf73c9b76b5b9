import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { JobDialog } from "../actions/job-dialog.js";
import type { JobOrder } from "../actions/preview.js";
import { meaningOf } from "../parts/status.js";
import { Icon } from "../parts/icons.js";
import { useReturnFocus } from "../parts/return-focus.js";
import { Panel } from "../parts/states.js";
import { When } from "../parts/when.js";
import { ConcernActs } from "./concern-acts.js";
import type { Concern } from "./concerns.js";
import { WorkerTasks } from "./worker-tasks.js";

/** Loaded when something is first said. */
const AcknowledgeDialog = lazy(async () => ({ default: (await import("./acknowledge.js")).AcknowledgeDialog }));

interface ConcernListProps {
  readonly concerns: readonly Concern[];
  readonly isMore: boolean;
  /** When the reconciler last looked. */
  readonly checkedAt: string;
  /** Something was done: what is shown is to be looked at again. */
  readonly onDone: () => void;
}

/** What needs somebody, each with its sentence and what can be done about it right here. */
export function ConcernList({ concerns, isMore, checkedAt, onDone }: ConcernListProps) {
  const [order, setOrder] = useState<JobOrder | null>(null);
  const [saidOf, setSaidOf] = useState<Concern | null>(null);
  useReturnFocus(saidOf !== null);
  const unknown = concerns.filter(({ known }) => known === null);
  const known = concerns.filter((concern) => concern.known !== null);
  const rows = (list: readonly Concern[]) => (
    <ul className="concerns">
      {list.map((concern) => (
        <ConcernRow
          key={concern.id}
          concern={concern}
          checkedAt={checkedAt}
          onOrder={setOrder}
          onSay={() => setSaidOf(concern)}
          onDone={onDone}
        />
      ))}
    </ul>
  );
  return (
    <>
      {unknown.length > 0 && (
        <Panel title="Needs attention">
          {rows(unknown)}
          {isMore && (
            <p className="faint">
              There are more items. Resolve some of these, or{" "}
              <Link to="/jobs" search={{ status: ["FAILED", "COMPLETED_WITH_ERRORS"] }}>
                view all failed jobs
              </Link>
              .
            </p>
          )}
        </Panel>
      )}
      {known.length > 0 && <Panel title="Acknowledged">{rows(known)}</Panel>}
      <JobDialog order={order} onClose={() => setOrder(null)} onDone={onDone} />
      {saidOf !== null && (
        <Suspense>
          <AcknowledgeDialog concern={saidOf} onClose={() => setSaidOf(null)} onDone={onDone} />
        </Suspense>
      )}
    </>
  );
}

interface RowProps {
  readonly concern: Concern;
  readonly checkedAt: string;
  readonly onOrder: (order: JobOrder) => void;
  readonly onSay: () => void;
  readonly onDone: () => void;
}

function ConcernRow({ concern, checkedAt, onOrder, onSay, onDone }: RowProps) {
  const { kind, title, icon, message, since, known, job, worker } = concern;
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li className="concern">
      <span className={`concern-kind ${known ? "tone-quiet" : "tone-bad"}`} title={meaningOf("AttentionKind", kind)}>
        <Icon name={icon} />
        {title}
      </span>
      <div className="concern-text">
        {job !== null && (
          <Link to="/jobs/$id" params={{ id: job.id }} className="strong">
            {job.name}
          </Link>
        )}
        <p>{message}</p>
        {known !== null && (
          <p className="faint">
            {known.by}, <When at={known.at} />: {known.word}
          </p>
        )}
        {worker !== null && (
          <div>
            <Button size="compact-xs" variant="subtle" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
              Running tasks
            </Button>
            {isOpen && <WorkerTasks id={worker.id} />}
          </div>
        )}
      </div>
      <span className="concern-since faint">
        <When at={since} />
      </span>
      <div className="concern-acts">
        <ConcernActs concern={concern} checkedAt={checkedAt} onOrder={onOrder} onSay={onSay} onDone={onDone} />
      </div>
    </li>
  );
}
