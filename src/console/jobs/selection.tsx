import { Button, Group } from "@mantine/core";
import { useCallback, useState } from "react";
import { JobDialog } from "../actions/job-dialog.js";
import type { JobOrder } from "../actions/preview.js";
import { useApi } from "../api/api.js";
import { useAsked } from "../api/ask.js";
import { JobsTotalDocument } from "../generated/operations.js";
import { ActButton, allowedTo, type Allowed } from "../parts/act-button.js";
import { count, counted } from "../parts/format.js";
import type { JobsSearch } from "../shell/search.js";
import { filterOf, isFiltered } from "./jobs-query.js";

/** Which jobs are chosen; it stays while pages are turned and filters change. */
export interface Selection {
  readonly ids: ReadonlySet<string>;
  readonly choose: (ids: readonly string[], isChosen: boolean) => void;
  readonly clear: () => void;
}

/** The server is asked about each of them before anything is done. */
const MAX_CHOSEN = 100;

export function useSelection(): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const choose = useCallback((which: readonly string[], isChosen: boolean) => {
    setIds((old) => {
      const next = new Set(old);
      for (const id of which) {
        if (isChosen) next.add(id);
        else next.delete(id);
      }
      return next;
    });
  }, []);
  const clear = useCallback(() => setIds(new Set()), []);
  return { ids, choose, clear };
}

interface BarProps {
  readonly selection: Selection;
  readonly search: JobsSearch;
  readonly onDone: () => void;
}

/** What can be done with the jobs that are chosen, or with all that the filters take. */
export function SelectionBar({ selection, search, onDone }: BarProps) {
  const { viewer } = useApi();
  const [order, setOrder] = useState<JobOrder | null>(null);
  const ids = [...selection.ids];
  const total = useAsked(JobsTotalDocument, { filter: filterOf(search) }, { isPaused: ids.length === 0 });
  const dialog = (
    <JobDialog
      order={order}
      onClose={() => setOrder(null)}
      onDone={(refused) => {
        // What was refused stays chosen, for whatever somebody does about it.
        selection.choose(
          ids.filter((id) => !refused.includes(id)),
          false,
        );
        onDone();
      }}
    />
  );
  if (ids.length === 0) return dialog;
  const few = tooMany(ids.length) ?? allowedTo(viewer.role, "OPERATOR");
  const all = isFiltered(search) ? allowedTo(viewer.role, "ADMIN") : unfiltered;
  const matching = total.data?.jobs.totalCount;
  const chosen = { kind: "jobs" as const, ids };
  const filtered = { kind: "filter" as const, filter: filterOf(search) };
  return (
    <div className="selection" role="region" aria-label="Selected jobs">
      <strong>{counted(ids.length, "job")} selected</strong>
      <Group gap="xs">
        <ActButton size="compact-sm" permission={few} onClick={() => setOrder({ action: "RETRY", target: chosen })}>
          Retry…
        </ActButton>
        <ActButton size="compact-sm" permission={few} onClick={() => setOrder({ action: "CANCEL", target: chosen })}>
          Cancel…
        </ActButton>
        <Button size="compact-sm" variant="subtle" onClick={selection.clear}>
          Clear selection
        </Button>
      </Group>
      <span className="spread" />
      <Group gap="xs">
        <span className="faint">
          All {matching === undefined || matching === null ? "" : `${count(matching)} `}jobs that match the filters:
        </span>
        <ActButton size="compact-sm" permission={all} onClick={() => setOrder({ action: "RETRY", target: filtered })}>
          Retry all…
        </ActButton>
        <ActButton size="compact-sm" permission={all} onClick={() => setOrder({ action: "CANCEL", target: filtered })}>
          Cancel all…
        </ActButton>
      </Group>
      {dialog}
    </div>
  );
}

const unfiltered: Allowed = {
  allowed: false,
  disabledReason: "Set a filter first. You can't retry or cancel all jobs at once.",
};

function tooMany(chosen: number): Allowed | null {
  if (chosen <= MAX_CHOSEN) return null;
  return {
    allowed: false,
    disabledReason: `${chosen} jobs are selected. You can select at most ${MAX_CHOSEN}; to change more, use a filter.`,
  };
}
