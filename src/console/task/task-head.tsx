import { Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ActButton } from "../parts/act-button.js";
import { Fact } from "../parts/fact.js";
import { count, percent } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { StatusWord } from "../parts/status.js";
import { WaitingNote } from "../parts/waiting-note.js";
import { Lasting, When } from "../parts/when.js";
import type { ShownTask } from "./shown-task.js";
import { TaskOrderDialog, type TaskAction } from "./task-order.js";

/** How the task is called: by its document. */
export function nameOfTask({ documentName, kind }: Pick<ShownTask, "documentName" | "kind">): string {
  return documentName ?? (kind === "COLLECTION" ? "All documents" : "Removed document");
}

/** What the task is, how it stands, and what can be done with it. */
export function TaskHead({ task, onDone }: { readonly task: ShownTask; readonly onDone: () => void }) {
  const [action, setAction] = useState<TaskAction | null>(null);
  const { id, status, stage, attempt, maxAttempts, progress, progressMessage, job, startedAt, finishedAt } = task;
  return (
    <header className="job-head">
      <nav aria-label="Breadcrumb" className="crumbs">
        <Link to="/collections/$id" params={{ id: job.collection.id }}>
          {job.collection.name}
        </Link>
        <Icon name="right" size={12} />
        <Link to="/jobs/$id" params={{ id: job.id }}>
          {job.pipeline} job
        </Link>
      </nav>
      <div className="screen-head">
        <h1>{nameOfTask(task)}</h1>
        <StatusWord of="TaskStatus" word={status} />
        <span className="spread" />
        <Group gap="xs">
          <ActButton
            size="xs"
            variant="filled"
            permission={task.canRetry}
            leftSection={<Icon name="retry" />}
            onClick={() => setAction("RETRY")}
          >
            Retry…
          </ActButton>
          <ActButton
            size="xs"
            permission={task.canCancel}
            leftSection={<Icon name="stop" />}
            onClick={() => setAction("CANCEL")}
          >
            Cancel…
          </ActButton>
        </Group>
      </div>
      {status === "RUNNING" && (
        <p>
          At {stage}: {percent(progress)}
          {progressMessage !== null && <span className="faint"> · {progressMessage}</span>}
        </p>
      )}
      <dl className="facts">
        {stage !== null && status !== "RUNNING" && (
          <Fact name={status === "FAILED" ? "Failed at" : "Next stage"}>{stage}</Fact>
        )}
        {stage !== null && (
          <Fact name="Attempt">
            {count(attempt)} of {count(maxAttempts)}
          </Fact>
        )}
        <Fact name="Created">
          <When at={task.createdAt} />
        </Fact>
        {startedAt !== null && (
          <Fact name={finishedAt === null ? "Running for" : "Duration"}>
            <Lasting from={startedAt} to={finishedAt} />
          </Fact>
        )}
        {finishedAt !== null && (
          <Fact name="Finished">
            <When at={finishedAt} />
          </Fact>
        )}
        {task.leaseExpiresAt !== null && (
          <Fact name="Lease until">
            <When at={task.leaseExpiresAt} />
          </Fact>
        )}
        <Fact name="Pipeline">
          {job.pipeline} <span className="faint">version {task.pipelineVersion}</span>
        </Fact>
        <Fact name="ID">
          <code>{id}</code>
        </Fact>
      </dl>
      {task.waitingOn && <WaitingNote waitingOn={task.waitingOn} />}
      <TaskOrderDialog task={task} action={action} onClose={() => setAction(null)} onDone={onDone} />
    </header>
  );
}
