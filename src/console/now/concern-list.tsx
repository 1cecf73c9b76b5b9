import { Button, Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useClient } from "urql";
import { JobDialog, type JobOrder } from "../actions/job-dialog.js";
import { useApi } from "../api/api.js";
import { RepairDocument, ResumePipelineDocument } from "../generated/operations.js";
import { ActButton, allowedTo } from "../parts/act-button.js";
import { counted } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { useSay } from "../parts/said.js";
import { Panel } from "../parts/states.js";
import { When } from "../parts/when.js";
import type { Concern } from "./concerns.js";
import { WorkerTasks } from "./worker-tasks.js";

interface ConcernListProps {
  readonly concerns: readonly Concern[];
  readonly hasMore: boolean;
  /** Something was done: what is shown is to be looked at again. */
  readonly onDone: () => void;
}

/** What needs somebody, each with its sentence and what can be done about it right here. */
export function ConcernList({ concerns, hasMore, onDone }: ConcernListProps) {
  const [order, setOrder] = useState<JobOrder | null>(null);
  return (
    <Panel title="Needs somebody" id="concerns">
      <ul className="concerns">
        {concerns.map((concern) => (
          <ConcernRow key={concern.key} concern={concern} onOrder={setOrder} onDone={onDone} />
        ))}
      </ul>
      {hasMore && (
        <p className="faint">
          There are more;{" "}
          <Link to="/jobs" search={{ status: ["FAILED", "COMPLETED_WITH_ERRORS"] }}>
            see all jobs that failed
          </Link>{" "}
          or{" "}
          <Link to="/jobs" search={{ stuck: true }}>
            all that are stuck
          </Link>
          .
        </p>
      )}
      <JobDialog order={order} onClose={() => setOrder(null)} onDone={onDone} />
    </Panel>
  );
}

interface RowProps {
  readonly concern: Concern;
  readonly onOrder: (order: JobOrder) => void;
  readonly onDone: () => void;
}

function ConcernRow({ concern, onOrder, onDone }: RowProps) {
  const { kind, icon, message, since, subject } = concern;
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li className="concern">
      <span className="concern-kind tone-bad">
        <Icon name={icon} />
        {kind}
      </span>
      <div className="concern-text">
        {subject.type === "job" && (
          <Link to="/jobs/$id" params={{ id: subject.id }} className="strong">
            {subject.name}
          </Link>
        )}
        <p>{message}</p>
        {isOpen && subject.type === "worker" && <WorkerTasks id={subject.id} />}
      </div>
      <span className="concern-since faint">{since !== null && <When at={since} />}</span>
      <Group gap="xs" className="concern-acts" wrap="nowrap">
        <Acts subject={subject} isOpen={isOpen} onToggle={() => setIsOpen(!isOpen)} onOrder={onOrder} onDone={onDone} />
      </Group>
    </li>
  );
}

interface ActsProps extends Omit<RowProps, "concern"> {
  readonly subject: Concern["subject"];
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function Acts({ subject, isOpen, onToggle, onOrder, onDone }: ActsProps) {
  const { viewer } = useApi();
  const client = useClient();
  const say = useSay();
  const admin = allowedTo(viewer.role, "ADMIN");
  if (subject.type === "worker") {
    return (
      <Button size="compact-sm" variant="default" aria-expanded={isOpen} onClick={onToggle}>
        What it holds
      </Button>
    );
  }
  if (subject.type === "pipeline") {
    const resume = async (): Promise<void> => {
      const { data, error } = await client
        .mutation(ResumePipelineDocument, { input: { pipeline: subject.name } })
        .toPromise();
      const fault = error?.message ?? data?.resumePipeline.userErrors[0]?.message;
      say(fault ?? `${subject.name} goes on.`, fault !== undefined);
      onDone();
    };
    return (
      <ActButton size="compact-sm" permission={admin} onClick={() => void resume()} variant="filled">
        Resume
      </ActButton>
    );
  }
  if (subject.type === "invariants") {
    const repair = async (): Promise<void> => {
      const { data, error } = await client.mutation(RepairDocument, { input: {} }).toPromise();
      say(error?.message ?? `${counted(data!.repair.changed, "row")} mended.`, error !== undefined);
      onDone();
    };
    return (
      <ActButton size="compact-sm" permission={admin} onClick={() => void repair()}>
        Repair
      </ActButton>
    );
  }
  return (
    <>
      {subject.canRetry && (
        <Button
          size="compact-sm"
          onClick={() => onOrder({ action: "RETRY", target: { kind: "jobs", ids: [subject.id] } })}
        >
          Retry…
        </Button>
      )}
      <Button
        size="compact-sm"
        variant="default"
        renderRoot={(props) => <Link {...props} to="/jobs/$id" params={{ id: subject.id }} />}
      >
        Look
      </Button>
    </>
  );
}
