import { Icon } from "../parts/icons.js";
import { absolute, counted } from "../parts/format.js";
import { Word } from "../parts/status.js";
import { Panel } from "../parts/states.js";
import { When } from "../parts/when.js";
import { StackTrace } from "../parts/stack-trace.js";
import type { ShownTask } from "./shown-task.js";
import type { WorkerNames } from "./worker-names.js";

/** What went wrong: the message, what helps, and where in the code it was. */
export function TaskFault({ task }: { readonly task: ShownTask }) {
  const { error, status, crashes } = task;
  if (!error) return null;
  const isOver = status === "COMPLETED" || status === "SKIPPED";
  return (
    <div className={`note tone-${isOver ? "quiet" : "bad"}`} role={isOver ? undefined : "alert"}>
      <Icon name="warning" />
      <div className="stack">
        <div>
          <strong>
            {isOver ? "Earlier error: " : ""}
            <code>{error.code}</code>
            {error.stage !== null && <> at {error.stage}</>}.
          </strong>{" "}
          {error.message}
        </div>
        {!isOver && (
          <div>
            {error.retryable
              ? "A retry may succeed."
              : "A retry alone will not help. Fix the problem that the message describes, then retry."}
            {crashes > 0 && <> This task crashed {counted(crashes, "process", "processes")} in this stage.</>}
          </div>
        )}
        <StackTrace stack={error.stack} />
      </div>
    </div>
  );
}

/** Writes that came after the lease had gone: shown as evidence, since nothing came of them. */
export function RefusedWrites({ task, nameOf }: { readonly task: ShownTask; readonly nameOf: WorkerNames }) {
  const { refusedWrites } = task;
  if (refusedWrites.length === 0) return null;
  return (
    <Panel title="Refused late writes" aside={<span className="faint">Their data was not saved.</span>}>
      <p className="faint">
        A worker tried to write after its lease had expired and the task had been claimed again. Only the later claim
        changed the task.
      </p>
      <ul className="reasons">
        {refusedWrites.map(({ at, fence, wanted, stage, worker }) => (
          <li key={`${fence} ${at}`} title={absolute(at)}>
            {nameOf(worker)} tried to set <Word of="Status" word={wanted} />
            {stage !== null && <> at {stage}</>} under claim {fence}, <When at={at} />.
          </li>
        ))}
      </ul>
    </Panel>
  );
}
