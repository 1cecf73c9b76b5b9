import { useEffect, useEffectEvent, useRef, useState } from "react";
import { useClient } from "urql";
import { useApi } from "../api/api.js";
import { faultOf, type Fault } from "../api/fault.js";
import { TaskLogLiveDocument, TaskLogsDocument, type TaskLogsQuery } from "../generated/operations.js";

type Edge = NonNullable<TaskLogsQuery["task"]>["logs"]["edges"][number];
/** A line of the log, with its place in it. */
export type LogLine = Edge["node"] & { readonly cursor: string };

export interface LogLines {
  readonly lines: readonly LogLine[];
  /** How many lines the server has dropped, for it keeps the newest. */
  readonly droppedCount: number;
  readonly isLoading: boolean;
  readonly fault: Fault | null;
  readonly again: () => void;
}

/** So many of the newest are kept. */
const MAX_LINES = 1_000;
/** What comes in is read at most this often. */
const READ_MS = 300;
/** What could not be read, or followed, is asked for again after so long. */
const AGAIN_MS = 2_000;

/**
 * The log of a task, as it grows. The stream only says that there is more; the lines are read behind the cursor of the
 * last one, so that each comes once, whatever the connection does.
 */
export function useLogLines(id: string, version: number, isOpen: boolean): LogLines {
  const client = useClient();
  const { connection } = useApi();
  const [state, setState] = useState<Omit<LogLines, "again">>({
    lines: [],
    droppedCount: 0,
    isLoading: true,
    fault: null,
  });
  const last = useRef<string | null>(null);
  const reading = useRef<"no" | "yes" | "again">("no");
  const retry = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const isGone = useRef(false);
  const read = useEffectEvent(async () => {
    if (reading.current !== "no") return void (reading.current = "again");
    clearTimeout(retry.current);
    do {
      reading.current = "yes";
      const variables = { id, after: last.current };
      const { data, error } = await client
        .query(TaskLogsDocument, variables, { requestPolicy: "network-only" })
        .toPromise();
      if (isGone.current) return;
      const logs = data?.task?.logs;
      const found = logs?.edges ?? [];
      last.current = found.at(-1)?.cursor ?? last.current;
      if (logs?.pageInfo.hasNextPage) reading.current = "again";
      // The socket may be up all the while, so that nothing else would ask again.
      if (error && faultOf(error).mayPass) retry.current = setTimeout(() => void read(), AGAIN_MS);
      setState((old) => ({
        lines:
          found.length === 0
            ? old.lines
            : [...old.lines, ...found.map(({ cursor, node }) => ({ ...node, cursor }))].slice(-MAX_LINES),
        droppedCount: logs?.droppedCount ?? old.droppedCount,
        isLoading: false,
        fault: error ? faultOf(error) : null,
      }));
    } while ((reading.current as string) === "again");
    reading.current = "no";
  });
  useEffect(() => void read(), [version]);
  useEffect(() => {
    isGone.current = false;
    return () => {
      isGone.current = true;
      clearTimeout(retry.current);
    };
  }, []);
  useEffect(() => connection.onReturn(() => void read()), [connection]);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!isOpen) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    // The client sends these again when it reconnects.
    const variables: Record<string, unknown> = { id, after: last.current };
    const stop = connection.client.subscribe(
      { query: TaskLogLiveDocument as unknown as string, variables },
      {
        next: () => {
          timer ??= setTimeout(() => {
            timer = undefined;
            void read().then(() => (variables.after = last.current));
          }, READ_MS);
        },
        error: () => (again = setTimeout(() => setAttempt((old) => old + 1), AGAIN_MS)),
        complete: () => void read(),
      },
    );
    return () => {
      stop();
      clearTimeout(timer);
      clearTimeout(again);
    };
  }, [connection, id, isOpen, attempt]);
  return { ...state, again: () => void read() };
}
