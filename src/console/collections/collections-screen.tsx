import { Button } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useClient } from "urql";
import { useApi } from "../api/api.js";
import { useAsked, useThrottled } from "../api/ask.js";
import { useChanges, type Change } from "../api/changes.js";
import { readMany } from "../api/read-many.js";
import { CollectionsDocument, OneCollectionDocument, type CollectionsQueryVariables } from "../generated/operations.js";
import { ActButton, allowedTo } from "../parts/act-button.js";
import { beginOf, endOf } from "../parts/days.js";
import { counted } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { Pages } from "../parts/pages.js";
import { Empty, FaultNote, Loading } from "../parts/states.js";
import { useTitle } from "../parts/title.js";
import type { CollectionsSearch } from "../shell/search-of-collections.js";
import { CollectionDialog } from "./collection-dialog.js";
import { CollectionsFilters } from "./collections-filters.js";
import { CollectionsTable } from "./collections-table.js";

const PAGE_SIZE = 50;
const NONE: ReadonlySet<string> = new Set();

/** The ids of collections that were made since a question was asked. */
interface Made {
  readonly since: CollectionsQueryVariables;
  readonly ids: ReadonlySet<string>;
}

/** Every collection, by filters that stand in the address. Rows move as their jobs do. */
export function CollectionsScreen() {
  const search = useSearch({ from: "/collections" });
  const navigate = useNavigate({ from: "/collections" });
  const client = useClient();
  const { viewer } = useApi();
  const [isCreating, setIsCreating] = useState(false);
  const variables = useMemo(() => pageOf(search), [search]);
  // Those that were made since this question was asked; another question begins with none.
  const [made, setMade] = useState<Made>({ since: variables, ids: NONE });
  const asked = useAsked(CollectionsDocument, variables);
  const rows = asked.data?.collections.nodes ?? [];
  const listed = new Set(rows.map(({ id }) => id));
  const unseen = made.since === variables ? [...made.ids].filter((id) => !listed.has(id)) : [];
  const changed = useMemo(() => new Set<string>(), []);
  const reread = useThrottled(() => {
    const ids = [...changed];
    changed.clear();
    void readMany(client, OneCollectionDocument, ids);
  }, 1_000);
  const onChanges = (changes: readonly Change[]): void => {
    for (const { entityId } of changes) if (listed.has(entityId)) changed.add(entityId);
    if (changed.size > 0) reread();
    // Whether it fits a filter, nobody knows here.
    if (isFiltered(search)) return;
    const ids = changes.filter(({ fromStatus }) => fromStatus === null).map(({ entityId }) => entityId);
    if (ids.length === 0) return;
    setMade((old) => ({ since: variables, ids: new Set([...(old.since === variables ? old.ids : NONE), ...ids]) }));
  };
  useChanges({ after: asked.data?.streamCursor, entityTypes: ["COLLECTION"], onChanges, onGap: asked.again });
  useTitle("Collections");
  // Another filter begins at the first page; another page keeps the filter.
  const change = (part: Partial<CollectionsSearch>): void => {
    const page = "after" in part || "before" in part ? {} : { after: undefined, before: undefined };
    void navigate({ search: (old) => ({ ...old, ...page, ...part }), replace: "name" in part });
  };
  const showNewest = (): void => {
    setMade({ since: variables, ids: NONE });
    if (search.after || search.before) change({ after: undefined, before: undefined });
    else asked.again();
  };
  const clear = (): void => void navigate({ search: {} });
  return (
    <div className="screen">
      <div className="screen-head">
        <h1>Collections</h1>
        <span className="spread" />
        <ActButton
          size="xs"
          variant="filled"
          permission={allowedTo(viewer.role, "OPERATOR")}
          leftSection={<Icon name="plus" />}
          onClick={() => setIsCreating(true)}
        >
          New collection…
        </ActButton>
      </div>
      <CollectionsFilters search={search} onChange={change} onClear={isFiltered(search) ? clear : null} />
      {unseen.length > 0 && (
        <Button
          size="compact-sm"
          variant="light"
          className="newer"
          onClick={showNewest}
          leftSection={<Icon name="retry" size={14} />}
        >
          {counted(unseen.length, "newer collection")}
        </Button>
      )}
      {asked.fault && <FaultNote fault={asked.fault} again={asked.again} />}
      {asked.isLoading && <Loading rows={8} />}
      {asked.data && rows.length === 0 && <None isFiltered={isFiltered(search)} onClear={clear} />}
      {rows.length > 0 && <CollectionsTable collections={rows} />}
      <Pages search={search} pageInfo={asked.data?.collections.pageInfo} onChange={change} />
      <CollectionDialog
        isOpen={isCreating}
        onClose={() => setIsCreating(false)}
        onDone={(id) => void navigate({ to: "/collections/$id", params: { id }, search: {} })}
      />
    </div>
  );
}

function None({ isFiltered: hasFilter, onClear }: { readonly isFiltered: boolean; readonly onClear: () => void }) {
  if (hasFilter) {
    return (
      <Empty title="No collections match these filters">
        <Button variant="default" size="compact-sm" onClick={onClear}>
          Clear filters
        </Button>
      </Empty>
    );
  }
  return (
    <Empty icon="folder" title="No collections yet">
      A collection is a set of documents that are processed together. Select “New collection…”, add files and submit the
      collection to a pipeline.
    </Empty>
  );
}

function isFiltered({ status, name, from, to }: CollectionsSearch): boolean {
  return Boolean(status ?? name ?? from ?? to);
}

/** The page that an address stands for. */
function pageOf({ status, name, from, to, after, before }: CollectionsSearch): CollectionsQueryVariables {
  const filter = {
    ...(status ? { status: [...status] } : {}),
    ...(name ? { nameContains: name } : {}),
    ...(from ? { createdAfter: beginOf(from) } : {}),
    ...(to ? { createdBefore: endOf(to) } : {}),
  };
  return before ? { filter, last: PAGE_SIZE, before } : { filter, first: PAGE_SIZE, after: after ?? null };
}
