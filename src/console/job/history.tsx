import { Button } from "@mantine/core";
import { useEffect, useEffectEvent, useState } from "react";
import { useClient } from "urql";
import { useAsked } from "../api/ask.js";
import { JobHistoryDocument, type ChangePartsFragment } from "../generated/operations.js";
import { absolute } from "../parts/format.js";
import { StatusWord, Word } from "../parts/status.js";
import { Shown } from "../parts/states.js";
import { When } from "../parts/when.js";

const PAGE_SIZE = 50;

/** Every change of the job, the newest first: from what to what, by whom and why. */
export function JobHistory({ id, version }: { readonly id: string; readonly version: number }) {
  const client = useClient();
  const asked = useAsked(JobHistoryDocument, { id, last: PAGE_SIZE, before: null });
  const newest = asked.data?.job?.history;
  const [older, setOlder] = useState<History>({ nodes: [], pageInfo: null });
  const again = useEffectEvent(asked.again);
  useEffect(() => again(), [version]);
  // What slides out of the newest page as changes come in stays in the list.
  useEffect(() => {
    if (newest) setOlder((old) => ({ ...old, nodes: merged(old.nodes, newest.nodes) }));
  }, [newest]);
  const { hasPreviousPage = false, startCursor = null } = older.pageInfo ?? newest?.pageInfo ?? {};
  const earlier = async (): Promise<void> => {
    const variables = { id, last: PAGE_SIZE, before: startCursor };
    const { data } = await client.query(JobHistoryDocument, variables, { requestPolicy: "network-only" }).toPromise();
    const found = data?.job?.history;
    if (found) setOlder((old) => ({ nodes: merged(old.nodes, found.nodes), pageInfo: found.pageInfo }));
  };
  return (
    <Shown asked={asked}>
      {({ job }) => (
        <>
          <ol className="history">
            {merged(older.nodes, job?.history.nodes ?? [])
              .toReversed()
              .map((change) => (
                <HistoryEntry key={change.id} change={change} />
              ))}
          </ol>
          {hasPreviousPage && (
            <Button variant="default" size="compact-sm" onClick={() => void earlier()}>
              Earlier changes
            </Button>
          )}
        </>
      )}
    </Shown>
  );
}

interface History {
  readonly nodes: readonly ChangePartsFragment[];
  /** Of the earliest page that was read; null while that is the newest one. */
  readonly pageInfo: { readonly hasPreviousPage: boolean; readonly startCursor: string | null } | null;
}

/** Each change once, in the order of the versions. */
function merged(one: History["nodes"], other: History["nodes"]): History["nodes"] {
  return [...new Map([...one, ...other].map((change) => [change.version, change])).values()].toSorted(
    (a, b) => a.version - b.version,
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
