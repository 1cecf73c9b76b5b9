import { Select, Switch } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useApi } from "../api/api.js";
import { MEANINGS } from "../generated/meanings.js";
import type { LogLevel } from "../generated/operations.js";
import { allowedTo } from "../parts/act-button.js";
import { absolute, counted } from "../parts/format.js";
import { Highlighted, placesOf } from "../parts/highlighted.js";
import { LateInput } from "../parts/late-input.js";
import { Empty, FaultNote, Loading } from "../parts/states.js";
import type { TaskSearch } from "../shell/search-of-task.js";
import { useLogLines, type LogLine } from "./log-lines.js";
import type { ShownTask } from "./shown-task.js";

/** The least first. */
const LEVELS: readonly LogLevel[] = ["DEBUG", "INFO", "WARN", "ERROR"];
const TONES: Readonly<Record<LogLevel, string>> = { DEBUG: "quiet", INFO: "busy", WARN: "mixed", ERROR: "bad" };
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

interface TaskLogsProps {
  readonly task: ShownTask;
  readonly search: TaskSearch;
  readonly onChange: (part: Partial<TaskSearch>) => void;
}

/** What the stages have written, following as they write. */
export function TaskLogs(props: TaskLogsProps) {
  const { viewer } = useApi();
  const { allowed, disabledReason } = allowedTo(viewer.role, "OPERATOR");
  if (!allowed) {
    return (
      <Empty icon="barred" title="This key can't view logs">
        {disabledReason} Logs may contain document contents.
      </Empty>
    );
  }
  return <Lines {...props} />;
}

function Lines({ task, search, onChange }: TaskLogsProps) {
  const isOpen = task.status === "RUNNING" || task.status === "QUEUED" || task.status === "WAITING";
  const { lines, droppedCount, isLoading, fault, again } = useLogLines(task.id, task.version, isOpen);
  const [isFollowing, setIsFollowing] = useState(true);
  const box = useRef<HTMLOListElement>(null);
  const least = LEVELS.indexOf(search.level ?? "DEBUG");
  const find = search.find ?? "";
  const shown = lines.filter((line) => LEVELS.indexOf(line.level) >= least && holds(line, find));
  const lastShown = shown.at(-1)?.cursor;
  useEffect(() => {
    if (isFollowing && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [isFollowing, lastShown]);
  // Who scrolls up reads; who is at the end again follows.
  const onScroll = ({ currentTarget: { scrollTop, clientHeight, scrollHeight } }: React.UIEvent<HTMLElement>): void => {
    setIsFollowing(scrollTop + clientHeight >= scrollHeight - 24);
  };
  return (
    <section aria-label="Logs">
      <search className="filters" data-shortcut="/" aria-label="Log filters">
        <LateInput label="Text" value={find} onChange={(value) => onChange({ find: value || undefined })} />
        <Select
          label="Minimum level"
          data={LEVELS.map((value) => ({ value, label: value }))}
          value={search.level ?? "DEBUG"}
          allowDeselect={false}
          onChange={(value) => onChange({ level: value === "DEBUG" ? undefined : (value as LogLevel) })}
          size="xs"
        />
        <Switch
          label="Follow"
          size="sm"
          data-shortcut="p"
          checked={isFollowing}
          onChange={({ currentTarget }) => setIsFollowing(currentTarget.checked)}
        />
        <span className="faint" role="status">
          {shown.length === lines.length
            ? counted(lines.length, "line")
            : `${counted(shown.length, "line")} of ${lines.length}`}
        </span>
      </search>
      {fault && <FaultNote fault={fault} again={again} />}
      {isLoading && <Loading rows={4} />}
      {droppedCount > 0 && (
        <p className="faint">
          Only the newest lines of a task are kept. {counted(droppedCount, "earlier line was", "earlier lines were")}{" "}
          removed.
        </p>
      )}
      {!isLoading && shown.length === 0 && (
        <Empty title={lines.length > 0 ? "No lines match these filters" : "No log lines"}>
          {lines.length === 0 && (
            <>
              Stages write logs with <code>ctx.logger</code>.
            </>
          )}
        </Empty>
      )}
      {shown.length > 0 && (
        <ol className="log" ref={box} onScroll={onScroll} tabIndex={0} aria-label="Log lines">
          {shown.map((line) => (
            <Line key={line.cursor} line={line} find={find} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Line({ line, find }: { readonly line: LogLine; readonly find: string }) {
  const { at, level, stage, attempt, message, fields } = line;
  const more = fieldsIn(fields);
  return (
    <li>
      <time dateTime={at} title={absolute(at)} className="faint">
        {TIME.format(new Date(at))}
      </time>
      <span className={`log-level tone-${TONES[level]}`} title={MEANINGS.LogLevel![level]}>
        {level}
      </span>
      <span className="faint">
        {stage}
        {attempt !== null && attempt > 1 && <> attempt {attempt}</>}
      </span>
      <span className="log-text">
        <Highlighted text={message} places={placesOf(message, find)} />
        {more !== "" && (
          <span className="faint">
            {" "}
            <Highlighted text={more} places={placesOf(more, find)} />
          </span>
        )}
      </span>
    </li>
  );
}

function holds({ message, stage, fields }: LogLine, find: string): boolean {
  return find === "" || `${message} ${stage} ${fieldsIn(fields)}`.toLowerCase().includes(find.toLowerCase());
}

function fieldsIn(fields: unknown): string {
  if (typeof fields !== "object" || fields === null) return "";
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}
