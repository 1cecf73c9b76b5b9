import { Button, Switch } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useClient } from "urql";
import { useAsked, useThrottled } from "../api/ask.js";
import { useChanges, type Change } from "../api/changes.js";
import { useRereadJobs } from "../api/live-job.js";
import { JobsDocument, NewerJobsDocument } from "../generated/operations.js";
import { count } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { Pages } from "../parts/pages.js";
import { Empty, FaultNote, Loading } from "../parts/states.js";
import { useTitle } from "../parts/title.js";
import type { JobsSearch } from "../shell/search.js";
import { ColumnMenu } from "./columns.js";
import { JobsFilters } from "./filters.js";
import { filterOf, isFiltered, orderOf, pageOf } from "./jobs-query.js";
import { JobsTable } from "./jobs-table.js";
import { SavedViews } from "./saved-views.js";
import { SelectionBar, useSelection } from "./selection.js";

/** Every job, by filters that stand in the address. Rows move as their jobs do; the place stays while new ones come in. */
export function JobsScreen() {
  const search = useSearch({ from: "/jobs" });
  const navigate = useNavigate({ from: "/jobs" });
  const [isPaused, setIsPaused] = useState(false);
  const variables = useMemo(() => pageOf(search), [search]);
  const asked = useAsked(JobsDocument, variables);
  const selection = useSelection();
  const newer = useNewer(search, asked.data?.jobs.pageInfo.startCursor ?? null);
  const reread = useRereadJobs();
  const rows = asked.data?.jobs.nodes ?? [];
  const onChanges = (changes: readonly Change[]): void => {
    const shown = new Set(rows.map(({ id }) => id));
    reread(new Set(changes.map(({ entityId }) => entityId).filter((id) => shown.has(id))));
    if (changes.some(({ entityId }) => !shown.has(entityId))) newer.look();
  };
  useChanges({
    after: asked.data?.streamCursor,
    entityTypes: ["JOB"],
    isPaused,
    onChanges,
    onGap: asked.again,
  });
  useTitle("Jobs");
  // Another filter begins at the first page; another page or other columns keep the rest.
  const change = (part: Partial<JobsSearch>): void => {
    const keepsPage = "columns" in part || "after" in part || "before" in part;
    const page = keepsPage ? {} : { after: undefined, before: undefined };
    void navigate({ search: (old) => ({ ...old, ...page, ...part }), replace: false });
  };
  const showNewest = (): void => {
    newer.forget();
    if (search.after || search.before) change({ after: undefined, before: undefined });
    else asked.again();
  };
  return (
    <div className="screen">
      <div className="screen-head">
        <h1>Jobs</h1>
        <span className="spread" />
        <Switch
          size="sm"
          label="Live"
          checked={!isPaused}
          data-shortcut="p"
          onChange={({ currentTarget }) => setIsPaused(!currentTarget.checked)}
        />
        <ColumnMenu search={search} onChange={change} />
        <SavedViews search={search} onOpen={(view) => void navigate({ search: view })} />
      </div>
      <JobsFilters search={search} onChange={change} onClear={() => void navigate({ search: {} })} />
      <SelectionBar selection={selection} search={search} onDone={asked.again} />
      {newer.count > 0 && (
        <Button
          size="compact-sm"
          variant="light"
          className="newer"
          onClick={showNewest}
          leftSection={<Icon name="retry" size={14} />}
        >
          {count(newer.count)}
          {newer.isMore ? " or more" : ""} newer {newer.count === 1 ? "job" : "jobs"}
        </Button>
      )}
      {asked.fault && <FaultNote fault={asked.fault} again={asked.again} />}
      {asked.isLoading && <Loading rows={8} />}
      {asked.data && rows.length === 0 && <NoJobs search={search} onClear={() => void navigate({ search: {} })} />}
      {rows.length > 0 && <JobsTable jobs={rows} search={search} selection={selection} isPaused={isPaused} />}
      <Pages search={search} pageInfo={asked.data?.jobs.pageInfo} onChange={change} />
    </div>
  );
}

/** How many jobs of the same filter have come in before the page that is shown. */
function useNewer(search: JobsSearch, before: string | null) {
  const client = useClient();
  const [found, setFound] = useState<{ readonly before: string | null; readonly count: number }>({
    before: null,
    count: 0,
  });
  const look = useThrottled(() => {
    if (before === null) return setFound({ before, count: 1 });
    const variables = { filter: filterOf(search), orderBy: orderOf(search), before };
    void client
      .query(NewerJobsDocument, variables, { requestPolicy: "network-only" })
      .toPromise()
      .then(({ data }) => data && setFound({ before, count: data.jobs.nodes.length }));
  }, 1_000);
  const isOfThisPage = found.before === before;
  return {
    count: isOfThisPage ? found.count : 0,
    isMore: isOfThisPage && found.count === 100,
    look,
    forget: () => setFound({ before, count: 0 }),
  };
}

function NoJobs({ search, onClear }: { readonly search: JobsSearch; readonly onClear: () => void }) {
  if (isFiltered(search)) {
    return (
      <Empty title="No jobs match these filters">
        <Button variant="default" size="compact-sm" onClick={onClear}>
          Clear filters
        </Button>
      </Empty>
    );
  }
  return (
    <Empty icon="clock" title="No jobs yet">
      Submit a job with <code>npx headway-api submit FILES --pipeline documents</code>, or with any GraphQL client. It
      appears here immediately.
    </Empty>
  );
}
