import { Button, MultiSelect } from "@mantine/core";
import { memo } from "react";
import { useAsked } from "../api/ask.js";
import { MEANINGS } from "../generated/meanings.js";
import { DocumentNameDocument, DocumentsNamedDocument, type TaskStatus } from "../generated/operations.js";
import { FoundSelect } from "../parts/found-select.js";
import type { JobSearch } from "../shell/search.js";
import type { ShownJob } from "./shown-job.js";

interface FiltersProps {
  readonly job: ShownJob;
  readonly search: JobSearch;
  readonly onChange: (part: Partial<JobSearch>) => void;
  /** Null where nothing is to be cleared. */
  readonly onClear: (() => void) | null;
}

/**
 * All that are given must hold, as the API's filter says. Made anew when what they offer or hold is another, and not ten
 * times a second with the job's counts; the functions are as good as those before.
 */
export const TaskFilters = memo(
  Filters,
  (before, now) => JSON.stringify(shownOf(before)) === JSON.stringify(shownOf(now)),
);

function shownOf({ job, search, onClear }: FiltersProps): unknown {
  const { status, stage, code, document } = search;
  const offered = [job.stageCounts.map((one) => one.stage), job.errorGroups.map((group) => group.code)];
  return [job.collection.id, offered, status, stage, code, document, onClear === null];
}

function Filters({ job, search, onChange, onClear }: FiltersProps) {
  const orNothing = <T,>(list: readonly T[]): readonly T[] | undefined => (list.length > 0 ? list : undefined);
  const codes = new Set([...job.errorGroups.map(({ code }) => code), ...(search.code ?? [])]);
  return (
    <search className="filters" data-shortcut="/" aria-label="Task filters">
      <DocumentFilter
        collectionId={job.collection.id}
        id={search.document}
        onChange={(document) => onChange({ document })}
      />
      <MultiSelect
        label="Status"
        placeholder={search.status ? undefined : "Any"}
        data={Object.keys(MEANINGS.TaskStatus!)}
        value={[...(search.status ?? [])]}
        onChange={(status) => onChange({ status: orNothing(status as TaskStatus[]) })}
        clearable
        size="xs"
      />
      <MultiSelect
        label="Stage"
        placeholder={search.stage ? undefined : "Any"}
        data={job.stageCounts.map(({ stage }) => stage)}
        value={[...(search.stage ?? [])]}
        onChange={(stage) => onChange({ stage: orNothing(stage) })}
        clearable
        size="xs"
      />
      <MultiSelect
        label="Error code"
        placeholder={search.code ? undefined : "Any"}
        data={[...codes]}
        value={[...(search.code ?? [])]}
        onChange={(code) => onChange({ code: orNothing(code) })}
        clearable
        size="xs"
      />
      {onClear && (
        <Button variant="subtle" size="compact-xs" onClick={onClear}>
          Clear
        </Button>
      )}
    </search>
  );
}

interface DocumentFilterProps {
  readonly collectionId: string;
  readonly id: string | undefined;
  readonly onChange: (id?: string) => void;
}

/** One document of the collection, found by a part of its name. */
function DocumentFilter({ collectionId, id, onChange }: DocumentFilterProps) {
  return (
    <FoundSelect
      label="Document"
      id={id}
      onChange={onChange}
      useFound={(text) => {
        const variables = { id: collectionId, filter: text ? { nameContains: text } : null };
        const { data, fault } = useAsked(DocumentsNamedDocument, variables, { isPaused: text === null });
        // A collection that is gone has none.
        return { found: data && (data.collection?.documents.nodes ?? []), fault };
      }}
      useName={useDocumentName}
      nothing="No matching documents"
    />
  );
}

function useDocumentName(id: string | undefined): string | undefined {
  return useAsked(DocumentNameDocument, { id: id ?? "" }, { isPaused: id === undefined }).data?.document?.name;
}
