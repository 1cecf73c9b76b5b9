import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useClient } from "urql";
import type { JobOrder } from "../actions/preview.js";
import { useApi } from "../api/api.js";
import { RepairDocument, ResumePipelineDocument } from "../generated/operations.js";
import { ActButton, allowedTo } from "../parts/act-button.js";
import { counted } from "../parts/format.js";
import { useSay } from "../parts/said.js";
import type { Concern } from "./concerns.js";

interface ActsProps {
  readonly concern: Concern;
  /** When the reconciler last looked. */
  readonly checkedAt: string;
  readonly onOrder: (order: JobOrder) => void;
  readonly onSay: () => void;
  readonly onDone: () => void;
}

/** What is still there after so long of looks has not been settled by what was done. */
const GONE_MS = 15_000;

/** What can be done about it here. What the reconciler finds goes with its next look, a few seconds later. */
export function ConcernActs({ concern, checkedAt, onOrder, onSay, onDone }: ActsProps) {
  const { viewer } = useApi();
  const client = useClient();
  const say = useSay();
  const [doneAt, setDoneAt] = useState<string | null>(null);
  const admin = allowedTo(viewer.role, "ADMIN");
  const { kind, job, paused, known, title } = concern;
  const settle = async (work: () => Promise<{ readonly said: string; readonly isFault: boolean }>): Promise<void> => {
    const { said, isFault } = await work();
    say(said, isFault);
    if (!isFault) setDoneAt(checkedAt);
    onDone();
  };
  const resume = (pipeline: string) => async () => {
    const { data, error } = await client.mutation(ResumePipelineDocument, { input: { pipeline } }).toPromise();
    const fault = error?.message ?? data?.resumePipeline.userErrors[0]?.message;
    return { said: fault ?? `${pipeline} resumed.`, isFault: fault !== undefined };
  };
  const repair = (jobId: string) => async () => {
    const { data, error } = await client.mutation(RepairDocument, { input: { jobId } }).toPromise();
    return { said: error?.message ?? `${counted(data!.repair.changed, "row")} fixed.`, isFault: error !== undefined };
  };
  const isDone = doneAt !== null && Date.parse(checkedAt) - Date.parse(doneAt) < GONE_MS;
  if (isDone) return <span className="faint">Done. This item will disappear after the next check.</span>;
  return (
    <>
      {paused !== null && (
        <ActButton size="compact-sm" variant="filled" permission={admin} onClick={() => void settle(resume(paused))}>
          Resume
        </ActButton>
      )}
      {kind === "INVARIANT_BROKEN" && job !== null && (
        <ActButton size="compact-sm" permission={admin} onClick={() => void settle(repair(job.id))}>
          Repair
        </ActButton>
      )}
      {kind === "FAILED_JOB" && job?.canRetry && (
        <Button size="compact-sm" onClick={() => onOrder({ action: "RETRY", target: { kind: "jobs", ids: [job.id] } })}>
          Retry…
        </Button>
      )}
      {job !== null && (
        <Button
          size="compact-sm"
          variant="default"
          renderRoot={(props) => <Link {...props} to="/jobs/$id" params={{ id: job.id }} />}
        >
          View<span className="for-readers"> {job.name}</span>
        </Button>
      )}
      {known === null && (
        <ActButton size="compact-sm" variant="default" permission={allowedTo(viewer.role, "OPERATOR")} onClick={onSay}>
          Acknowledge…<span className="for-readers"> {title}</span>
        </ActButton>
      )}
    </>
  );
}
