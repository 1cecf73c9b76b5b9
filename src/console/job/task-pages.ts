import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import { useClient } from "urql";
import { useApi } from "../api/api.js";
import { useThrottled } from "../api/ask.js";
import type { Change } from "../api/changes.js";
import { faultOf, type Fault } from "../api/fault.js";
import { readMany } from "../api/read-many.js";
import {
  JobTasksDocument,
  OneTaskDocument,
  type TaskFilter,
  type TaskRowFragment,
  type TaskStatus,
} from "../generated/operations.js";

const PAGE_SIZE = 100;
/** Rows on the screen that have changed are read anew at most this often, all of them together. */
const REREAD_MS = 1_000;

interface Pages {
  readonly rows: readonly TaskRowFragment[];
  readonly cursor: string | null;
  readonly hasMore: boolean;
}
const NONE: Pages = { rows: [], cursor: null, hasMore: true };

/** A job's tasks in document order, read further as somebody scrolls. The rows keep their places while their tasks move. */
export interface TaskPages {
  readonly rows: readonly TaskRowFragment[];
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly fault: Fault | null;
  readonly more: () => void;
  /** Brings changes into the rows at once, and reads those on the screen anew. */
  readonly take: (changes: readonly Change[], onScreen: readonly string[]) => void;
  /** Reads anew what has come onto the screen and has changed while it was off it. */
  readonly look: (onScreen: readonly string[]) => void;
  /** Changes are missing: reads anew what is there, and of more than a page each row once it is on the screen. */
  readonly anew: (onScreen: readonly string[]) => void;
}

export function useTaskPages(jobId: string, filter: TaskFilter): TaskPages {
  const client = useClient();
  const { connection } = useApi();
  const [pages, setPages] = useState(NONE);
  const [isLoading, setIsLoading] = useState(false);
  const [fault, setFault] = useState<Fault | null>(null);
  // What is asked for a filter that has been left is not shown for another.
  const asking = useRef(0);
  // The versions of what has changed off the screen. A change tells neither error, progress nor end: they are read later.
  const changed = useRef(new Map<string, number>());
  // Of a task that is neither listed nor on its way nothing is kept: it is read as it is by then.
  const listed = useRef(new Set<string>());
  const isReading = useRef(false);
  const filterText = JSON.stringify(filter);
  const read = useCallback(
    async (after: string | null, first: number): Promise<Pages | null> => {
      const number = (asking.current += 1);
      isReading.current = true;
      setIsLoading(true);
      const variables = { id: jobId, filter: JSON.parse(filterText) as TaskFilter, first, after };
      const { data, error } = await client
        .query(JobTasksDocument, variables, { requestPolicy: "network-only" })
        .toPromise();
      if (number !== asking.current) return null;
      isReading.current = false;
      setIsLoading(false);
      setFault(error ? faultOf(error) : null);
      const tasks = data?.job?.tasks;
      if (tasks && after === null) listed.current.clear();
      for (const { id, version } of tasks?.nodes ?? []) {
        listed.current.add(id);
        if (version >= (changed.current.get(id) ?? Infinity)) changed.current.delete(id);
      }
      for (const id of changed.current.keys()) if (!listed.current.has(id)) changed.current.delete(id);
      return tasks
        ? { rows: tasks.nodes, cursor: tasks.pageInfo.endCursor, hasMore: tasks.pageInfo.hasNextPage }
        : null;
    },
    [client, jobId, filterText],
  );
  useEffect(() => {
    setPages(NONE);
    void read(null, PAGE_SIZE).then((found) => found && setPages(found));
  }, [read]);
  const more = useCallback(() => {
    if (!pages.hasMore || isLoading) return;
    void read(pages.cursor, PAGE_SIZE).then(
      (found) => found && setPages((old) => ({ ...found, rows: [...old.rows, ...found.rows] })),
    );
  }, [read, pages, isLoading]);
  const wanted = useRef(new Set<string>());
  const reread = useThrottled(() => {
    const ids = [...wanted.current];
    wanted.current.clear();
    void readMany(client, OneTaskDocument, ids).then((tasks) => {
      const found = new Map(tasks.map((task) => [task.id, task]));
      // What could not be read is read when it is next looked at.
      for (const id of ids) if (!found.has(id)) changed.current.set(id, 0);
      setPages((old) => ({ ...old, rows: old.rows.map((row) => newerOf(row, found.get(row.id))) }));
    });
  }, REREAD_MS);
  const look = useCallback(
    (onScreen: readonly string[]) => {
      for (const id of onScreen) if (changed.current.delete(id)) wanted.current.add(id);
      if (wanted.current.size > 0) reread();
    },
    [reread],
  );
  const anew = (onScreen: readonly string[]): void => {
    if (pages.rows.length <= PAGE_SIZE) return void read(null, PAGE_SIZE).then((found) => found && setPages(found));
    for (const { id } of pages.rows) changed.current.set(id, 0);
    look(onScreen);
  };
  const take = useCallback(
    (changes: readonly Change[], onScreen: readonly string[]) => {
      const newest = new Map(
        changes.filter(({ entityType }) => entityType === "TASK").map((one) => [one.entityId, one]),
      );
      if (newest.size === 0) return;
      setPages((old) => {
        const rows = old.rows.map((row) => moved(row, newest.get(row.id)));
        return rows.some((row, at) => row !== old.rows[at]) ? { ...old, rows } : old;
      });
      for (const { entityId, version } of newest.values()) {
        if (isReading.current || listed.current.has(entityId)) changed.current.set(entityId, version);
      }
      look(onScreen);
    },
    [look],
  );
  // What happened while the connection was away comes by the changes; what failed to be read is read again here.
  const onReturn = useEffectEvent(() => {
    if (fault !== null) void read(null, PAGE_SIZE).then((found) => found && setPages(found));
  });
  useEffect(() => connection.onReturn(() => onReturn()), [connection]);
  return { rows: pages.rows, hasMore: pages.hasMore, isLoading, fault, more, take, look, anew };
}

function moved(row: TaskRowFragment, change: Change | undefined): TaskRowFragment {
  if (!change || change.version <= row.version) return row;
  const { version, toStatus, toStage, attempt, at } = change;
  return {
    ...row,
    version,
    status: toStatus as TaskStatus,
    stage: toStage,
    attempt: attempt ?? row.attempt,
    statusChangedAt: at,
  };
}

function newerOf(row: TaskRowFragment, task: TaskRowFragment | undefined): TaskRowFragment {
  return task && task.version >= row.version ? task : row;
}
