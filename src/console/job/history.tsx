import { Button } from "@mantine/core";
import { useEffect, useEffectEvent, useState } from "react";
import { useAsked } from "../api/ask.js";
import { JobHistoryDocument, type ChangePartsFragment } from "../generated/operations.js";
import { absolute } from "../parts/format.js";
import { StatusWord, Word } from "../parts/status.js";
import { Shown } from "../parts/states.js";
import { When } from "../parts/when.js";

const PAGE_SIZE = 50;

/** Every change of the job, the newest first: from what to what, by whom and why. */
export function JobHistory({ id, version }: { readonly id: string; readonly version: number }) {
  // Each page that is asked for is a list of its own before the one that follows it.
  const [before, setBefore] = useState<string | null>(null);
  const [later, setLater] = useState<readonly ChangePartsFragment[]>([]);
  const asked = useAsked(JobHistoryDocument, { id, last: PAGE_SIZE, before });
  const again = useEffectEvent(asked.again);
  useEffect(() => again(), [version]);
  return (
    <Shown asked={asked}>
      {({ job }) => {
        const { nodes = [], pageInfo } = job?.history ?? {};
        const known = new Set(nodes.map((change) => change.id));
        const all = [...nodes, ...later.filter((change) => !known.has(change.id))].toReversed();
        return (
          <>
            <ol className="history">
              {all.map((change) => (
                <HistoryEntry key={change.id} change={change} />
              ))}
            </ol>
            {pageInfo?.hasPreviousPage && (
              <Button
                variant="default"
                size="compact-sm"
                onClick={() => {
                  setLater([...nodes, ...later]);
                  setBefore(pageInfo.startCursor);
                }}
              >
                Earlier changes
              </Button>
            )}
          </>
        );
      }}
    </Shown>
  );
}

function HistoryEntry({ change }: { readonly change: ChangePartsFragment }) {
  const { at, fromStatus, toStatus, reason, message, actor } = change;
  return (
    <li>
      <span className="history-when" title={absolute(at)}>
        <When at={at} />
      </span>
      <span>
        {fromStatus !== toStatus && <StatusWord of="Status" word={toStatus} />} <Word of="ChangeReason" word={reason} />{" "}
        <span className="faint">by {actor.name}</span>
        {message && <div className="history-message">{message}</div>}
      </span>
    </li>
  );
}
