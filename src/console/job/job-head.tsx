import { Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { JobDialog } from "../actions/job-dialog.js";
import type { JobOrder } from "../actions/preview.js";
import { CountsBar, countsInWords, ProgressText } from "../parts/bars.js";
import { ActButton } from "../parts/act-button.js";
import { EstimateText } from "../parts/estimate.js";
import { Fact } from "../parts/fact.js";
import { Icon } from "../parts/icons.js";
import { StatusWord } from "../parts/status.js";
import { Lasting, When } from "../parts/when.js";
import { SubmitDialog } from "../submit/submit-dialog.js";
import type { ShownJob } from "./shown-job.js";

/** What the job is, how it stands, and what can be done with it. */
export function JobHead({ job, onDone }: { readonly job: ShownJob; readonly onDone: () => void }) {
  const [order, setOrder] = useState<JobOrder | null>(null);
  const [isSubmitting, setIsSubmitting] = useState(false);
  const { id, status, pipeline, pipelineVersion, collection, counts, progress, run, priority, tags } = job;
  const target = { kind: "jobs" as const, ids: [id] };
  return (
    <header className="job-head">
      <div className="screen-head">
        <h1>
          <Link to="/collections/$id" params={{ id: collection.id }} className="quiet-link">
            {collection.name}
          </Link>
        </h1>
        <StatusWord of="JobStatus" word={status} />
        <span className="spread" />
        <Group gap="xs">
          <ActButton
            size="xs"
            variant="filled"
            permission={job.canRetry}
            leftSection={<Icon name="retry" />}
            onClick={() => setOrder({ action: "RETRY", target })}
          >
            Retry…
          </ActButton>
          <ActButton
            size="xs"
            permission={job.canCancel}
            leftSection={<Icon name="stop" />}
            onClick={() => setOrder({ action: "CANCEL", target })}
          >
            Cancel…
          </ActButton>
          <ActButton
            size="xs"
            permission={collection.canSubmit}
            leftSection={<Icon name="copy" />}
            onClick={() => setIsSubmitting(true)}
          >
            Submit again…
          </ActButton>
        </Group>
      </div>
      <div className="job-progress">
        <CountsBar counts={counts} />
        <ProgressText counts={counts} progress={progress} />
      </div>
      <p className="faint">{countsInWords(counts)}</p>
      <dl className="facts">
        <Fact name="Pipeline">
          {pipeline} <span className="faint">version {pipelineVersion}</span>
        </Fact>
        <Fact name="Submitted">
          <When at={job.createdAt} />
        </Fact>
        {job.startedAt !== null && (
          <Fact name={job.finishedAt === null ? "Running for" : "Duration"}>
            <Lasting from={job.startedAt} to={job.finishedAt} />
          </Fact>
        )}
        {job.eta !== null && (
          <Fact name="Estimate">
            <EstimateText estimate={job.eta} />
          </Fact>
        )}
        {job.finishedAt !== null && (
          <Fact name="Finished">
            <When at={job.finishedAt} />
          </Fact>
        )}
        {run > 1 && <Fact name="Run">{run}</Fact>}
        {priority !== 0 && <Fact name="Priority">{priority}</Fact>}
        {job.cancelRequestedAt !== null && (
          <Fact name="Cancel requested">
            <When at={job.cancelRequestedAt} />
          </Fact>
        )}
        {tags.length > 0 && (
          <Fact name="Tags">
            <span className="tags">
              {tags.map((tag) => (
                <span key={tag} className="tag">
                  {tag}
                </span>
              ))}
            </span>
          </Fact>
        )}
        <Fact name="ID">
          <code>{id}</code>
        </Fact>
      </dl>
      <JobDialog order={order} onClose={() => setOrder(null)} onDone={onDone} />
      <SubmitDialog order={isSubmitting ? { collection, before: job } : null} onClose={() => setIsSubmitting(false)} />
    </header>
  );
}
