import { useEffect, useEffectEvent } from "react";
import { useClient } from "urql";
import { useAsked } from "../api/ask.js";
import { JobHistoryDocument } from "../generated/operations.js";
import { ChangeList } from "../parts/change-list.js";
import { Shown } from "../parts/states.js";

const PAGE_SIZE = 50;

/** Every change of the job, the newest first. */
export function JobHistory({ id, version }: { readonly id: string; readonly version: number }) {
  const client = useClient();
  const asked = useAsked(JobHistoryDocument, { id, last: PAGE_SIZE, before: null });
  const again = useEffectEvent(asked.again);
  useEffect(() => again(), [version]);
  const readBefore = async (before: string | null) => {
    const variables = { id, last: PAGE_SIZE, before };
    const { data } = await client.query(JobHistoryDocument, variables, { requestPolicy: "network-only" }).toPromise();
    return data?.job?.history ?? null;
  };
  return <Shown asked={asked}>{({ job }) => job && <ChangeList newest={job.history} readBefore={readBefore} />}</Shown>;
}
