import { Button, Checkbox, Popover } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { JobRowFragment } from "../generated/operations.js";
import { CountsBar, ProgressText } from "../parts/bars.js";
import { count } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { StatusWord } from "../parts/status.js";
import { Lasting, When } from "../parts/when.js";
import type { JobsSearch } from "../shell/search.js";

interface Column {
  readonly name: string;
  readonly title: string;
  readonly isNumber?: boolean;
  readonly cell: (job: JobRowFragment) => ReactNode;
}

/** Every column there is, in the order in which they stand. */
const COLUMNS: readonly Column[] = [
  {
    name: "collection",
    title: "Collection",
    cell: ({ id, collection }) => (
      <Link to="/jobs/$id" params={{ id }} className="strong">
        {collection.name}
      </Link>
    ),
  },
  { name: "pipeline", title: "Pipeline", cell: ({ pipeline }) => pipeline },
  { name: "status", title: "Status", cell: ({ status }) => <StatusWord of="JobStatus" word={status} /> },
  {
    name: "progress",
    title: "Documents",
    cell: ({ counts, progress }) => (
      <span className="progress-cell">
        <CountsBar counts={counts} />
        <ProgressText counts={counts} progress={progress} />
      </span>
    ),
  },
  { name: "failed", title: "Failed", isNumber: true, cell: ({ counts }) => <Failed amount={counts.failed} /> },
  { name: "stage", title: "Current stage", cell: ({ stage }) => stage ?? <span className="faint">–</span> },
  { name: "created", title: "Submitted", cell: ({ createdAt }) => <When at={createdAt} /> },
  {
    name: "took",
    title: "Duration",
    isNumber: true,
    cell: ({ startedAt, finishedAt }) =>
      startedAt === null ? <span className="faint">–</span> : <Lasting from={startedAt} to={finishedAt} />,
  },
  { name: "changed", title: "Changed", cell: ({ statusChangedAt }) => <When at={statusChangedAt} /> },
  { name: "run", title: "Run", isNumber: true, cell: ({ run }) => count(run) },
  { name: "priority", title: "Priority", isNumber: true, cell: ({ priority }) => count(priority) },
  {
    name: "tags",
    title: "Tags",
    cell: ({ tags }) => (
      <span className="tags">
        {tags.map((tag) => (
          <span key={tag} className="tag">
            {tag}
          </span>
        ))}
      </span>
    ),
  },
];
const USUAL = ["collection", "pipeline", "status", "progress", "failed", "created", "took"];

function Failed({ amount }: { readonly amount: number }) {
  return amount === 0 ? <span className="faint">0</span> : <strong className="tone-bad">{count(amount)}</strong>;
}

/** Those that the address names, or the usual ones. The collection is always there: it is the way to the job. */
export function columnsOf({ columns = USUAL }: JobsSearch): readonly Column[] {
  return COLUMNS.filter(({ name }) => name === "collection" || columns.includes(name));
}

interface ColumnMenuProps {
  readonly search: JobsSearch;
  readonly onChange: (part: Partial<JobsSearch>) => void;
}

/** Which columns are shown; they stand in the address, and go into a saved view. */
export function ColumnMenu({ search, onChange }: ColumnMenuProps) {
  const chosen = search.columns ?? USUAL;
  return (
    <Popover position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button size="compact-sm" variant="default" leftSection={<Icon name="columns" size={14} />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        <Checkbox.Group
          label="Columns"
          value={[...chosen]}
          onChange={(names) => onChange({ columns: isUsual(names) ? undefined : names })}
        >
          {COLUMNS.filter(({ name }) => name !== "collection").map(({ name, title }) => (
            <Checkbox key={name} value={name} label={title} size="xs" mt={8} />
          ))}
        </Checkbox.Group>
      </Popover.Dropdown>
    </Popover>
  );
}

function isUsual(names: readonly string[]): boolean {
  const usual = USUAL.filter((name) => name !== "collection");
  const given = names.filter((name) => name !== "collection");
  return given.length === usual.length && usual.every((name) => given.includes(name));
}
