import { useMutation } from "@apollo/client/react";
import { Download } from "./download";
import { isOpen, type Collection } from "./live";
import { CancelJobDocument, RetryJobDocument } from "./operations";

type Job = NonNullable<Collection["lastJob"]>;

const WORDS: Readonly<Record<Job["status"], string>> = {
  QUEUED: "Waiting to begin",
  PROCESSING: "At work",
  CANCELLING: "Being cancelled",
  COMPLETED: "Done",
  COMPLETED_WITH_ERRORS: "Done, with errors",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
};

/** The newest job: how far it is, why it does not move, what can be done, and what it has made. */
export function JobHead({ job, onDone }: { readonly job: Job; readonly onDone: () => void }) {
  const variables = { jobId: job.id };
  const [retry, retried] = useMutation(RetryJobDocument, { variables, onCompleted: onDone });
  const [cancel, cancelled] = useMutation(CancelJobDocument, { variables, onCompleted: onDone });
  const { total, completed, failed, cancelled: stopped, skipped } = job.counts;
  const settled = completed + failed + stopped + skipped;
  const refusals = [...(retried.data?.retryJob.userErrors ?? []), ...(cancelled.data?.cancelJob.userErrors ?? [])];
  const problems = [retried.error, cancelled.error, ...refusals].filter((one) => one !== undefined);
  return (
    <section aria-label="Job" className="job">
      <h2>{WORDS[job.status]}</h2>
      <progress aria-label="Documents settled" value={settled} max={total || 1} />
      <p>
        {settled} of {total} documents: {completed} done, {failed} failed
        {skipped > 0 && `, ${skipped} unchanged`}
        {stopped > 0 && `, ${stopped} cancelled`}
      </p>
      {isOpen(job) && job.waitingOn && <p>{job.waitingOn.message}</p>}
      <div className="row">
        {job.canCancel.allowed && (
          <button type="button" disabled={cancelled.loading} onClick={() => void cancel().catch(() => undefined)}>
            Cancel
          </button>
        )}
        {job.canRetry.allowed && (
          <button type="button" disabled={retried.loading} onClick={() => void retry().catch(() => undefined)}>
            Retry all that failed
          </button>
        )}
      </div>
      {problems.map(({ message }) => (
        <p key={message} role="alert" className="problem">
          {message}
        </p>
      ))}
      {job.artifacts.nodes.length > 0 && (
        <ul aria-label="Artifacts" className="row">
          {job.artifacts.nodes.map(({ id, name }) => (
            <li key={id}>
              <Download id={id} of="artifact" label={name} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
