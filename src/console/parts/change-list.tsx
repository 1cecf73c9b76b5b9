import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import type { ChangePartsFragment } from "../generated/operations.js";
import { absolute } from "./format.js";
import { StatusWord, Word } from "./status.js";
import { When } from "./when.js";

/** A page of a history, as the API gives it: the oldest first. */
export interface ChangePage {
  readonly nodes: readonly ChangePartsFragment[];
  readonly pageInfo: { readonly hasPreviousPage: boolean; readonly startCursor: string | null };
}

interface ChangeListProps {
  /** The newest page, as it stands now. */
  readonly newest: ChangePage;
  /** Reads the page before a cursor; null where it can't be read. */
  readonly readBefore: (cursor: string | null) => Promise<ChangePage | null>;
}

/** Every change of something, the newest first: from what to what, by whom and why. */
export function ChangeList({ newest, readBefore }: ChangeListProps) {
  const [older, setOlder] = useState<Older>({ nodes: [], pageInfo: null });
  // What slides out of the newest page as changes come in stays in the list.
  useEffect(() => setOlder((old) => ({ ...old, nodes: merged(old.nodes, newest.nodes) })), [newest]);
  const { hasPreviousPage, startCursor } = older.pageInfo ?? newest.pageInfo;
  const earlier = async (): Promise<void> => {
    const found = await readBefore(startCursor);
    if (found) setOlder((old) => ({ nodes: merged(old.nodes, found.nodes), pageInfo: found.pageInfo }));
  };
  return (
    <>
      <ol className="history">
        {merged(older.nodes, newest.nodes)
          .toReversed()
          .map((change) => (
            <Entry key={change.id} change={change} />
          ))}
      </ol>
      {hasPreviousPage && (
        <Button variant="default" size="compact-sm" onClick={() => void earlier()}>
          Show earlier changes
        </Button>
      )}
    </>
  );
}

interface Older {
  readonly nodes: readonly ChangePartsFragment[];
  /** Of the earliest page that was read; null while that is the newest one. */
  readonly pageInfo: ChangePage["pageInfo"] | null;
}

/** Each change once, in the order of the versions. */
function merged(one: Older["nodes"], other: Older["nodes"]): Older["nodes"] {
  return [...new Map([...one, ...other].map((change) => [change.version, change])).values()].toSorted(
    (a, b) => a.version - b.version,
  );
}

function Entry({ change }: { readonly change: ChangePartsFragment }) {
  const { at, fromStatus, toStatus, reason, message, actor, toStage } = change;
  return (
    <li>
      <span className="history-when" title={absolute(at)}>
        <When at={at} />
      </span>
      <span>
        {fromStatus !== toStatus && <StatusWord of="Status" word={toStatus} />} <Word of="ChangeReason" word={reason} />{" "}
        {toStage !== null && <span className="faint">at {toStage} </span>}
        <span className="faint">by {actor.name}</span>
        {message && <div className="history-message">{message}</div>}
      </span>
    </li>
  );
}
