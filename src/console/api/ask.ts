import { useCallback, useEffect, useEffectEvent, useMemo, useRef } from "react";
import { createRequest, useQuery, type AnyVariables, type TypedDocumentNode } from "urql";
import { useApi } from "./api.js";
import { faultOf, type Fault } from "./fault.js";

/** What came of a question. `data` stays what it was while it is asked again, or cannot be. */
export interface Asked<Data> {
  readonly data: Data | undefined;
  readonly fault: Fault | null;
  readonly isLoading: boolean;
  /** Asks again. */
  readonly again: () => void;
}

/** Asks the server when the screen opens and whenever the connection comes back; entities that it shares with others stay live. */
export function useAsked<Data, Variables extends AnyVariables>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  { isPaused = false } = {},
): Asked<Data> {
  const { connection } = useApi();
  const [{ data: answer, error, fetching, operation }, execute] = useQuery({
    query,
    variables,
    pause: isPaused,
    requestPolicy: "cache-and-network",
  });
  const question = JSON.stringify(variables);
  // While a question is on its way, what the one before it was answered still stands there: its key tells them apart.
  const key = useMemo(() => createRequest(query, JSON.parse(question) as Variables).key, [query, question]);
  const isOfThis = operation?.key === key;
  const data = isOfThis ? answer : undefined;
  // An answer that does not come leaves what was answered before to the same question.
  const kept = useRef<{ readonly question: string; readonly data: Data } | null>(null);
  useEffect(() => {
    if (data !== undefined && data !== null) kept.current = { question, data };
  }, [data, question]);
  const shown = data ?? (kept.current?.question === question ? kept.current.data : undefined);
  const again = useCallback(() => execute({ requestPolicy: "network-only" }), [execute]);
  useEffect(() => connection.onReturn(() => !isPaused && again()), [connection, again, isPaused]);
  return {
    data: shown,
    fault: isOfThis && error ? faultOf(error) : null,
    isLoading: !isPaused && (fetching || !isOfThis) && shown === undefined,
    again,
  };
}

/** Calls `action` soon, once for all calls within `waitMs`: at once where the last one is longer ago. */
export function useThrottled(action: () => void, waitMs: number): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const calledAt = useRef(0);
  const act = useEffectEvent(action);
  const run = useRef(() => undefined as void);
  useEffect(() => {
    run.current = () => {
      timer.current = undefined;
      calledAt.current = Date.now();
      act();
    };
    return () => clearTimeout(timer.current);
  }, []);
  return useCallback(() => {
    timer.current ??= setTimeout(() => run.current(), Math.max(0, calledAt.current + waitMs - Date.now()));
  }, [waitMs]);
}
