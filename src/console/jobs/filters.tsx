import { Button, Checkbox, MultiSelect, Select, TagsInput } from "@mantine/core";
import { useAsked } from "../api/ask.js";
import { MEANINGS } from "../generated/meanings.js";
import { PipelineNamesDocument, type JobStatus } from "../generated/operations.js";
import { DateRange } from "../parts/date-range.js";
import { CollectionSelect } from "../parts/collection-select.js";
import type { JobsSearch } from "../shell/search.js";
import { isFiltered } from "./jobs-query.js";

interface FiltersProps {
  readonly search: JobsSearch;
  readonly onChange: (part: Partial<JobsSearch>) => void;
  readonly onClear: () => void;
}

const STATUSES = Object.keys(MEANINGS.JobStatus!);
const ORDERS = [
  { value: "CREATED_AT DESC", label: "Newest first" },
  { value: "CREATED_AT ASC", label: "Oldest first" },
  { value: "STATUS_CHANGED_AT DESC", label: "Recently changed first" },
  { value: "PRIORITY DESC", label: "Highest priority first" },
];

/** All that are given must hold, as the API's filter says. */
export function JobsFilters({ search, onChange, onClear }: FiltersProps) {
  const pipelines = useAsked(PipelineNamesDocument, {});
  const names = pipelines.data?.pipelines.map(({ name }) => name) ?? [];
  return (
    <search className="filters" data-shortcut="/" aria-label="Job filters">
      <MultiSelect
        label="Status"
        placeholder={search.status ? undefined : "Any"}
        data={STATUSES}
        value={[...(search.status ?? [])]}
        onChange={(status) => onChange({ status: orNothing(status as JobStatus[]) })}
        clearable
        size="xs"
      />
      <MultiSelect
        label="Pipeline"
        placeholder={search.pipeline ? undefined : "Any"}
        data={[...new Set([...names, ...(search.pipeline ?? [])])]}
        value={[...(search.pipeline ?? [])]}
        onChange={(pipeline) => onChange({ pipeline: orNothing(pipeline) })}
        clearable
        searchable
        size="xs"
      />
      <CollectionSelect id={search.collection} onChange={(collection) => onChange({ collection })} />
      <TagsInput
        label="Tags"
        placeholder={search.tag ? undefined : "Any"}
        value={[...(search.tag ?? [])]}
        onChange={(tag) => onChange({ tag: orNothing(tag) })}
        clearable
        size="xs"
      />
      <DateRange label="Submitted from" from={search.from} to={search.to} onChange={onChange} />
      <Select
        label="Sort by"
        data={ORDERS}
        value={`${search.order ?? "CREATED_AT"} ${search.direction ?? "DESC"}`}
        onChange={(value) => onChange(orderIn(value))}
        allowDeselect={false}
        size="xs"
      />
      <Checkbox
        label="Stuck"
        description="Due, but not claimed by a worker"
        checked={search.stuck ?? false}
        onChange={({ currentTarget }) => onChange({ stuck: currentTarget.checked || undefined })}
        size="xs"
      />
      {isFiltered(search) && (
        <Button variant="subtle" size="compact-xs" onClick={onClear}>
          Clear
        </Button>
      )}
    </search>
  );
}

function orderIn(value: string | null): Pick<JobsSearch, "order" | "direction"> {
  const [order, direction] = (value ?? "CREATED_AT DESC").split(" ") as [JobsSearch["order"], JobsSearch["direction"]];
  return order === "CREATED_AT" && direction === "DESC"
    ? { order: undefined, direction: undefined }
    : { order, direction };
}

function orNothing<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}
