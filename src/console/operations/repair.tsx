import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useClient } from "urql";
import { useApi } from "../api/api.js";
import { useAsked } from "../api/ask.js";
import { send } from "../api/send.js";
import { NowCountsDocument, RepairAllDocument, type RepairAllMutation } from "../generated/operations.js";
import { ActButton, allowedTo } from "../parts/act-button.js";
import { ConfirmDialog } from "../parts/confirm-dialog.js";
import { counted } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { Panel } from "../parts/states.js";
import { StatusWord, Word } from "../parts/status.js";
import { When } from "../parts/when.js";

type Repaired = RepairAllMutation["repair"];

/** Works statuses out anew from what they follow from. What it would change is what doctor finds; it changes nothing else. */
export function Repair() {
  const { job } = useSearch({ from: "/operations" });
  const { viewer } = useApi();
  const client = useClient();
  const [isAsking, setIsAsking] = useState(false);
  const [done, setDone] = useState<{ readonly repaired: Repaired; readonly at: number } | null>(null);
  const counts = useAsked(NowCountsDocument, {});
  const open = (counts.data?.jobCounts ?? [])
    .filter(({ status }) => status === "QUEUED" || status === "PROCESSING" || status === "CANCELLING")
    .reduce((sum, { count }) => sum + count, 0);
  const what = job === undefined ? `all ${counted(open, "open job")}` : "this job";
  const repair = async () => {
    const { data, refusals } = await send(client, RepairAllDocument, { input: { jobId: job ?? null } });
    if (refusals !== null) return refusals;
    setDone({ repaired: data.repair, at: Date.now() });
    return null;
  };
  return (
    <Panel
      title="Repair"
      aside={
        <ActButton
          size="compact-sm"
          permission={allowedTo(viewer.role, "ADMIN")}
          leftSection={<Icon name="retry" size={14} />}
          onClick={() => {
            counts.again();
            setIsAsking(true);
          }}
        >
          Repair {job === undefined ? "open jobs" : "this job"}…
        </ActButton>
      }
    >
      {done === null ? (
        <p className="faint">
          Repair corrects statuses and counters that do not match their tasks. The reconciler makes the same corrections
          automatically when it finds a mismatch. Each change is recorded in the history with the actor{" "}
          <code>system:repair</code>.
        </p>
      ) : (
        <Changes repaired={done.repaired} at={done.at} />
      )}
      {isAsking && (
        <ConfirmDialog
          title={job === undefined ? "Repair open jobs" : "Repair one job"}
          act="Repair"
          onConfirm={repair}
          onClose={() => setIsAsking(false)}
        >
          <p>
            This recalculates the statuses and counters of {what} from the tasks, one job at a time. Correct values,
            documents and results do not change.
          </p>
          <p className="faint">
            There is no dry run. To see what can change, run doctor first. Repair corrects statuses that do not match
            the recorded work. It does not fix problems that doctor finds in the history.
          </p>
          {job !== undefined && (
            <p>
              Job: <code>{job}</code>
            </p>
          )}
        </ConfirmDialog>
      )}
    </Panel>
  );
}

function Changes({ repaired: { changed, firstChanges }, at }: { readonly repaired: Repaired; readonly at: number }) {
  return (
    <div className="stack">
      <p role="status" className="tone-good">
        <Icon name="check" size={14} />{" "}
        <strong>{changed === 0 ? "No corrections were needed." : `${counted(changed, "row")} corrected.`}</strong>{" "}
        <span className="faint">
          <When at={at} />
        </span>
      </p>
      {firstChanges.length > 0 && (
        <ul className="plain-list">
          {firstChanges.map((change) => (
            <li key={change.id}>
              {change.entityType.toLowerCase()}{" "}
              {change.fromStatus !== null && <StatusWord of="Status" word={change.fromStatus} />} →{" "}
              <StatusWord of="Status" word={change.toStatus} /> <Word of="ChangeReason" word={change.reason} />{" "}
              {change.jobId !== null && (
                <Link to="/jobs/$id" params={{ id: change.jobId }}>
                  View
                </Link>
              )}
            </li>
          ))}
        </ul>
      )}
      {changed > firstChanges.length && <p className="faint">Showing the first {firstChanges.length}.</p>}
    </div>
  );
}
