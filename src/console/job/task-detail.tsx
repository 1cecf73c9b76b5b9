import { Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { useClient } from "urql";
import { useAsked } from "../api/ask.js";
import {
  CancelTaskDocument,
  RetryTaskDocument,
  TaskDetailDocument,
  type TaskDetailQuery,
} from "../generated/operations.js";
import { ActButton } from "../parts/act-button.js";
import { absolute, counted } from "../parts/format.js";
import { Word } from "../parts/status.js";
import { useSay } from "../parts/said.js";
import { Shown } from "../parts/states.js";
import { When } from "../parts/when.js";
import { StackTrace } from "../parts/stack-trace.js";
import { Waterfall } from "./waterfall.js";

/** Why a task is as it is: its error and what to do, its stages one by one, and what can be done with it. */
export function TaskDetail({ id, version }: { readonly id: string; readonly version: number }) {
  const asked = useAsked(TaskDetailDocument, { id });
  const again = useEffectEvent(asked.again);
  useEffect(() => again(), [version]);
  return (
    <div className="task-detail">
      <Shown asked={asked} rows={2}>
        {({ task }) => (task ? <Detail task={task} /> : <p className="faint">This task no longer exists.</p>)}
      </Shown>
    </div>
  );
}

function Detail({ task }: { readonly task: NonNullable<TaskDetailQuery["task"]> }) {
  const client = useClient();
  const say = useSay();
  const { id, error, stages, warnings, waitingOn, refusedWrites, crashes } = task;
  const retry = async (): Promise<void> => {
    const { data, error: fault } = await client.mutation(RetryTaskDocument, { input: { taskId: id } }).toPromise();
    const refused = fault?.message ?? data?.retryTask.userErrors[0]?.message;
    say(refused ?? "The task will run again.", refused !== undefined);
  };
  const cancel = async (): Promise<void> => {
    const { data, error: fault } = await client.mutation(CancelTaskDocument, { input: { taskId: id } }).toPromise();
    const refused = fault?.message ?? data?.cancelTask.userErrors[0]?.message;
    say(refused ?? "Cancel requested.", refused !== undefined);
  };
  return (
    <div className="stack">
      {error && (
        <div>
          <p>
            <code className="code">{error.code}</code> {error.message}
          </p>
          <p className="faint">{error.retryable ? "A retry may succeed." : "A retry alone will not help."}</p>
          {"stack" in error && <StackTrace stack={error.stack} />}
        </div>
      )}
      {waitingOn && (
        <p>
          <Word of="WaitingCode" word={waitingOn.code} /> {waitingOn.message}
        </p>
      )}
      {crashes > 0 && <p>This task crashed {counted(crashes, "process", "processes")} in this stage.</p>}
      {warnings.length > 0 && (
        <ul className="reasons">
          {warnings.map((warning) => (
            <li key={`${warning.code} ${warning.message}`}>
              <code className="code">{warning.code}</code> {warning.message}
            </li>
          ))}
        </ul>
      )}
      {stages.length > 0 && <Waterfall createdAt={null} stages={stages} />}
      {refusedWrites.length > 0 && (
        <ul className="reasons">
          {refusedWrites.map(({ at, fence, wanted, worker }) => (
            <li key={`${fence} ${at}`} title={absolute(at)}>
              A late write by {worker} (claim {fence}, {wanted}) was refused <When at={at} /> because its lease had
              expired.
            </li>
          ))}
        </ul>
      )}
      <Group gap="xs">
        <ActButton size="compact-xs" permission={task.canRetry} onClick={() => void retry()}>
          Retry task
        </ActButton>
        <ActButton size="compact-xs" permission={task.canCancel} onClick={() => void cancel()}>
          Cancel task
        </ActButton>
        <Link to="/tasks/$id" params={{ id }}>
          View task details
        </Link>
      </Group>
    </div>
  );
}
