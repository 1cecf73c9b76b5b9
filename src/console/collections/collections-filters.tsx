import { Button, MultiSelect } from "@mantine/core";
import { MEANINGS } from "../generated/meanings.js";
import type { CollectionStatus } from "../generated/operations.js";
import { DateRange } from "../parts/date-range.js";
import { LateInput } from "../parts/late-input.js";
import type { CollectionsSearch } from "../shell/search-of-collections.js";

interface FiltersProps {
  readonly search: CollectionsSearch;
  readonly onChange: (part: Partial<CollectionsSearch>) => void;
  /** Null where nothing is to be cleared. */
  readonly onClear: (() => void) | null;
}

/** All that are given must hold, as the API's filter says. */
export function CollectionsFilters({ search, onChange, onClear }: FiltersProps) {
  return (
    <search className="filters" data-shortcut="/" aria-label="Collection filters">
      <LateInput label="Name" value={search.name ?? ""} onChange={(name) => onChange({ name: name || undefined })} />
      <MultiSelect
        label="Status"
        placeholder={search.status ? undefined : "Any"}
        data={Object.keys(MEANINGS.CollectionStatus!)}
        value={[...(search.status ?? [])]}
        onChange={(status) => onChange({ status: status.length > 0 ? (status as CollectionStatus[]) : undefined })}
        clearable
        size="xs"
      />
      <DateRange label="Created from" from={search.from} to={search.to} onChange={onChange} />
      {onClear && (
        <Button variant="subtle" size="compact-xs" onClick={onClear}>
          Clear
        </Button>
      )}
    </search>
  );
}
