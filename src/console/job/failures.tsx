import { Button, Group } from "@mantine/core";
import { useState } from "react";
import { JobDialog } from "../actions/job-dialog.js";
import type { JobOrder } from "../actions/preview.js";
import { useAsked } from "../api/ask.js";
import { ErrorSampleDocument } from "../generated/operations.js";
import { ActButton } from "../parts/act-button.js";
import { count, counted } from "../parts/format.js";
import { Panel } from "../parts/states.js";
import type { ShownJob } from "./shown-job.js";

interface FailuresProps {
  readonly job: ShownJob;
  readonly onDone: () => void;
  /** Shows the tasks of a group. */
  readonly onShow: (stage: readonly string[] | undefined, code: readonly string[]) => void;
}

/** What failed, by stage and code, with what to do about each kind and a retry of just these. */
export function Failures({ job, onDone, onShow }: FailuresProps) {
  const [order, setOrder] = useState<JobOrder | null>(null);
  const { errorGroups } = job;
  const total = errorGroups.reduce((sum, group) => sum + group.count, 0);
  return (
    <Panel
      title="Failures"
      aside={
        <span className="faint">
          {counted(total, "task")} in {counted(errorGroups.length, "group")}
        </span>
      }
    >
      <ul className="failures">
        {errorGroups.map((group) => (
          <li key={`${group.code} ${group.stage}`} className="failure">
            <div className="failure-head">
              <strong className="tone-bad numbers">{count(group.count)}</strong>
              <code className="code">{group.code}</code>
              {group.stage !== null && (
                <span className="faint">
                  at <code>{group.stage}</code>
                </span>
              )}
              <span className="faint">{group.retryable ? "A retry may succeed." : "A retry alone will not help."}</span>
            </div>
            {group.sampleTaskIds[0] !== undefined && <Sample id={group.sampleTaskIds[0]} />}
            <Group gap="xs">
              <Button
                size="compact-xs"
                variant="default"
                onClick={() => onShow(group.stage === null ? undefined : [group.stage], [group.code])}
              >
                Show {count(group.count)}
                <span className="for-readers"> tasks with {group.code}</span>
              </Button>
              <ActButton
                size="compact-xs"
                permission={job.canRetry}
                onClick={() =>
                  setOrder({ action: "RETRY", target: { kind: "jobs", ids: [job.id], errorCodes: [group.code] } })
                }
              >
                Retry only {group.code}…
              </ActButton>
            </Group>
          </li>
        ))}
      </ul>
      <JobDialog order={order} onClose={() => setOrder(null)} onDone={onDone} />
    </Panel>
  );
}

/** What one of them says: the API's messages say what is wrong and what to do. */
function Sample({ id }: { readonly id: string }) {
  const { data } = useAsked(ErrorSampleDocument, { id });
  const task = data?.task;
  if (!task?.error) return null;
  return (
    <blockquote className="sample">
      {task.documentName !== null && <span className="faint">{task.documentName}: </span>}
      {task.error.message}
    </blockquote>
  );
}
