import { useMutation } from "@apollo/client/react";
import { Download } from "./download";
import type { Collection } from "./live";
import { RetryTaskDocument, type TaskStateFragment } from "./operations";
import { submitAll, useSending } from "./sending";

interface Props {
  readonly collection: Collection;
  readonly isFirst: boolean;
  readonly onNext: (after: string) => void;
  readonly onPrevious: () => void;
  readonly onOpen: (documentId: string) => void;
  readonly onDone: () => void;
}

/** A page of the documents, each with the stage that it is in. */
export function Documents({ collection, isFirst, onNext, onPrevious, onOpen, onDone }: Props) {
  const { nodes, totalCount, pageInfo } = collection.documents;
  const stages = collection.lastJob?.stageCounts.map(({ stage }) => stage) ?? [];
  const { phase } = useSending();
  const whole = collection.lastJob?.collectionTask;
  return (
    <section aria-label="Documents">
      <h2>{totalCount === null ? "Documents" : `${totalCount} documents`}</h2>
      {nodes.length === 0 && <p>None yet.</p>}
      {phase === "idle" && collection.canSubmit.allowed && nodes.some(({ lastTask }) => lastTask === null) && (
        <button type="button" onClick={submitAll}>
          Submit what is not
        </button>
      )}
      <ul className="documents">
        {nodes.map(({ id, name, lastTask }) => (
          <li key={id}>
            <button type="button" className="name" onClick={() => onOpen(id)} title="Open its text">
              {name}
            </button>
            <Task task={lastTask} stages={stages} onDone={onDone} />
            <Download id={id} of="document" label="Original" />
          </li>
        ))}
        {whole && (
          <li>
            <span className="name">All documents together</span>
            <Task task={whole} stages={[]} onDone={onDone} />
          </li>
        )}
      </ul>
      {(!isFirst || pageInfo.hasNextPage) && (
        <nav aria-label="Pages of documents" className="row">
          <button type="button" disabled={isFirst} onClick={onPrevious}>
            Previous
          </button>
          <button type="button" disabled={!pageInfo.hasNextPage} onClick={() => onNext(pageInfo.endCursor!)}>
            Next
          </button>
        </nav>
      )}
    </section>
  );
}

interface TaskProps {
  readonly task: TaskStateFragment | null;
  readonly stages: readonly string[];
  readonly onDone: () => void;
}

function Task({ task, stages, onDone }: TaskProps) {
  if (task === null) return <p className="state">Not submitted</p>;
  const isPast = task.status === "COMPLETED" || task.status === "SKIPPED";
  const at = isPast ? stages.length : stages.indexOf(task.stage ?? "");
  return (
    <div className={`state ${task.status}`}>
      <ol className="track" aria-hidden="true">
        {stages.map((stage, place) => (
          <li key={stage} title={stage} className={place < at ? "past" : place === at ? "present" : ""} />
        ))}
      </ol>
      <span>{wordsOf(task)}</span>
      {task.error && <Failure task={task} error={task.error} onDone={onDone} />}
    </div>
  );
}

interface FailureProps {
  readonly task: TaskStateFragment;
  readonly error: NonNullable<TaskStateFragment["error"]>;
  readonly onDone: () => void;
}

/** What went wrong and what to do, in the API's words, and whether trying again may help. */
function Failure({ task, error, onDone }: FailureProps) {
  const [retry, { data, error: problem, loading }] = useMutation(RetryTaskDocument, {
    variables: { taskId: task.id },
    onCompleted: onDone,
  });
  const message = problem?.message ?? data?.retryTask.userErrors[0]?.message;
  const hasFailed = task.status === "FAILED";
  return (
    <div className="failure">
      <p>
        {error.message} <code>{error.code}</code>
      </p>
      {hasFailed && !error.retryable && <p>Trying again does not help until that is mended.</p>}
      {hasFailed && task.canRetry.allowed && (
        <button type="button" disabled={loading} onClick={() => void retry().catch(() => undefined)}>
          Retry
        </button>
      )}
      {message !== undefined && (
        <p role="alert" className="problem">
          {message}
        </p>
      )}
    </div>
  );
}

function wordsOf({ status, stage, attempt, maxAttempts }: TaskStateFragment): string {
  const again = attempt > 1 ? `, try ${attempt} of ${maxAttempts}` : "";
  switch (status) {
    case "WAITING":
      return "Waits for the documents";
    case "QUEUED":
      return `Waits for ${stage}${again}`;
    case "RUNNING":
      return `In ${stage}${again}`;
    case "FAILED":
      return `Failed in ${stage}`;
    case "CANCELLED":
      return "Cancelled";
    case "SKIPPED":
      return "Done before, unchanged";
    case "COMPLETED":
      return "Done";
  }
}
