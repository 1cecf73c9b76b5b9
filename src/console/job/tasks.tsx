import { Button } from "@mantine/core";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import type { Change } from "../api/changes.js";
import type { TaskFilter, TaskRowFragment } from "../generated/operations.js";
import { percent } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { StatusWord } from "../parts/status.js";
import { Empty, FaultNote, Loading } from "../parts/states.js";
import { Lasting } from "../parts/when.js";
import type { JobSearch } from "../shell/search.js";
import type { ShownJob } from "./shown-job.js";
import { TaskDetail } from "./task-detail.js";
import { TaskFilters } from "./task-filters.js";
import { useTaskPages } from "./task-pages.js";

interface JobTasksProps {
  readonly job: ShownJob;
  readonly search: JobSearch;
  readonly onChange: (part: Partial<JobSearch>) => void;
  /** Who is told of the job's changes as they come. */
  readonly followers: Set<(changes: readonly Change[]) => void>;
  /** How many gaps the stream has had. */
  readonly gaps: number;
}

const ROW_HEIGHT_PX = 40;

/** The job's tasks: as many as it has, of which only those on the screen are in the page. */
export function JobTasks({ job, search, onChange, followers, gaps }: JobTasksProps) {
  const { status, stage, code, document } = search;
  const filter: TaskFilter = {
    ...(status ? { status: [...status] } : {}),
    ...(stage ? { stage: [...stage] } : {}),
    ...(code ? { errorCode: [...code] } : {}),
    ...(document ? { documentId: document } : {}),
  };
  const pages = useTaskPages(job.id, filter);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const list = useRef<HTMLDivElement>(null);
  const { rows, hasMore, isLoading, fault, more, take, look, anew } = pages;
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: 12,
    scrollMargin: list.current?.offsetTop ?? 0,
    getItemKey: (index) => rows[index]!.id,
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    // What could not be read is read again by its button, or when the connection is back.
    if (fault === null && rows.length > 0 && last >= rows.length - 20) more();
  }, [fault, last, rows.length, more]);
  const onScreen = (): readonly string[] => items.map(({ key }) => String(key));
  const takeChanges = useEffectEvent((found: readonly Change[]) => take(found, onScreen()));
  useEffect(() => {
    const follow = (found: readonly Change[]): void => takeChanges(found);
    followers.add(follow);
    return () => void followers.delete(follow);
  }, [followers]);
  const lookAtRows = useEffectEvent(() => look(onScreen()));
  const readAnew = useEffectEvent(() => anew(onScreen()));
  // The rows of a list that opens are read after the gaps before.
  const gapsBefore = useRef(gaps);
  useEffect(() => {
    if (gaps === gapsBefore.current) return;
    gapsBefore.current = gaps;
    readAnew();
  }, [gaps]);
  const first = items[0]?.index ?? 0;
  useEffect(() => lookAtRows(), [first, last, rows.length]);
  const toggle = useCallback((id: string): void => {
    setOpen((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  const isFiltered = Object.keys(filter).length > 0;
  const clear = (): void => onChange({ status: undefined, stage: undefined, code: undefined, document: undefined });
  return (
    <section aria-label="Tasks">
      <TaskFilters job={job} search={search} onChange={onChange} onClear={isFiltered ? clear : null} />
      {fault && <FaultNote fault={fault} again={more} />}
      {rows.length === 0 && isLoading && <Loading rows={6} />}
      {rows.length === 0 && !isLoading && !fault && (
        <Empty title={isFiltered ? "No tasks match these filters" : "This job has no tasks"}>
          {isFiltered && (
            <Button variant="default" size="compact-sm" onClick={clear}>
              Clear filters
            </Button>
          )}
        </Empty>
      )}
      <div
        ref={list}
        className="tasks"
        style={{ height: virtualizer.getTotalSize() }}
        role="list"
        aria-label="Tasks of this job"
      >
        {items.map((item) => {
          const task = rows[item.index]!;
          return (
            <div
              key={task.id}
              ref={virtualizer.measureElement}
              data-index={item.index}
              role="listitem"
              className="task"
              style={{ transform: `translateY(${item.start - virtualizer.options.scrollMargin}px)` }}
            >
              <TaskLine task={task} isOpen={open.has(task.id)} onToggle={toggle} />
            </div>
          );
        })}
      </div>
      {rows.length > 0 && (
        <p className="faint" role="status">
          {isLoading ? "Loading more…" : hasMore ? "" : "End of list"}
        </p>
      )}
    </section>
  );
}

interface TaskLineProps {
  readonly task: TaskRowFragment;
  readonly isOpen: boolean;
  readonly onToggle: (id: string) => void;
}

/** Made anew when its task has moved, and not with every change of another: there are 40 of them, and 100 changes a second. */
const TaskLine = memo(function TaskLine({ task, isOpen, onToggle }: TaskLineProps) {
  const { id, kind, status, stage, documentName, attempt, maxAttempts, error, startedAt, finishedAt, progress } = task;
  const name = documentName ?? (kind === "COLLECTION" ? "All documents" : "Removed document");
  return (
    <>
      <button type="button" className="task-line" aria-expanded={isOpen} onClick={() => onToggle(id)}>
        <Icon name={isOpen ? "down" : "right"} size={14} />
        <span className="task-name" data-collection={kind === "COLLECTION"}>
          {name}
        </span>
        <StatusWord of="TaskStatus" word={status} />
        <span className="task-stage faint">
          {stage !== null && <>at {stage}</>}
          {status === "RUNNING" && progress > 0 && <> · {percent(progress)}</>}
          {attempt > 1 && (
            <>
              {" "}
              · attempt {attempt} of {maxAttempts}
            </>
          )}
        </span>
        <span className="task-error">{error && status !== "COMPLETED" && <code>{error.code}</code>}</span>
        <span className="task-took faint numbers">
          {startedAt !== null && <Lasting from={startedAt} to={finishedAt} />}
        </span>
      </button>
      {isOpen && <TaskDetail id={id} version={task.version} />}
    </>
  );
});
