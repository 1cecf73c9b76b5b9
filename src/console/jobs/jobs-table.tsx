import { Checkbox } from "@mantine/core";
import { useJobLive } from "../api/live-job.js";
import type { JobRowFragment } from "../generated/operations.js";
import type { JobsSearch } from "../shell/search.js";
import { columnsOf } from "./columns.js";
import type { Selection } from "./selection.js";

interface TableProps {
  readonly jobs: readonly JobRowFragment[];
  readonly search: JobsSearch;
  readonly selection: Selection;
  readonly isPaused: boolean;
}

export function JobsTable({ jobs, search, selection, isPaused }: TableProps) {
  const columns = columnsOf(search);
  const ids = jobs.map(({ id }) => id);
  const chosen = ids.filter((id) => selection.ids.has(id)).length;
  return (
    <table className="rows cards">
      <caption className="for-readers">Jobs</caption>
      <thead>
        <tr>
          <th scope="col" className="choose">
            <Checkbox
              size="xs"
              aria-label="Select all on this page"
              checked={chosen === ids.length}
              indeterminate={chosen > 0 && chosen < ids.length}
              onChange={({ currentTarget }) => selection.choose(ids, currentTarget.checked)}
            />
          </th>
          {columns.map(({ name, title, isNumber }) => (
            <th key={name} scope="col" className={isNumber ? "number" : undefined}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <Row key={job.id} job={job} search={search} selection={selection} isPaused={isPaused} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ job, search, selection, isPaused }: Omit<TableProps, "jobs"> & { readonly job: JobRowFragment }) {
  useJobLive(job, isPaused);
  const isChosen = selection.ids.has(job.id);
  return (
    <tr data-chosen={isChosen}>
      <td className="choose">
        <Checkbox
          size="xs"
          aria-label={`Select ${job.collection.name}`}
          checked={isChosen}
          onChange={({ currentTarget }) => selection.choose([job.id], currentTarget.checked)}
        />
      </td>
      {columnsOf(search).map(({ name, title, isNumber, cell }) => (
        <td key={name} data-title={title} className={isNumber ? "number" : undefined}>
          {cell(job)}
        </td>
      ))}
    </tr>
  );
}
