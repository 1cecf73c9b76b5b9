import { useCallback, useEffect, useRef, useState } from "react";
import { useApi } from "../api/api.js";
import type { Operation } from "./operations-in.js";

/** What is sent. */
export interface RunOrder {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly operation: Operation;
}

/** One entry of a subscription's list. */
export interface ExploreEvent {
  readonly number: number;
  /** When it came, in milliseconds since 1970. */
  readonly at: number;
  /** An answer of the server; or a word of the page on its connection, or on the end. */
  readonly kind: "answer" | "fault" | "note";
  readonly value: unknown;
}

/** What came of the last run; of a subscription, what has come so far. */
export type RunOutcome =
  | {
      readonly kind: "answer";
      readonly name: string;
      readonly tookMs: number;
      readonly isFault: boolean;
      readonly text: string;
    }
  | {
      readonly kind: "events";
      /** The operation's; empty where it has none. */
      readonly name: string;
      readonly startedAt: number;
      /** The newest of them, the oldest first. */
      readonly events: readonly ExploreEvent[];
      /** How many answers have come, those that are no longer listed among them. */
      readonly total: number;
    };

/** So many entries of a subscription are kept; older ones go, and the page says so. */
export const MAX_EVENTS = 1_000;
/** Entries of so long are shown together: more often nobody could see. */
const GATHER_MS = 100;
const STOPPED =
  "Stopped before the response arrived. A mutation may still have been executed: check before you run it again.";
const RESUMED = "Reconnected. Continuing after the last event; no events were missed.";
const NOT_RESUMED =
  'Reconnected. Events during the disconnection are missing from this list. To continue after the last event next time, use the variable "$after".';

interface Running {
  readonly outcome: RunOutcome | null;
  readonly isRunning: boolean;
  /** Stops what runs, and begins. `onAnswer` is told the data of every answer; `onEnd`, whether all went well. */
  readonly run: (
    order: RunOrder,
    tell: { readonly onAnswer: (data: unknown) => void; readonly onEnd: (isFault: boolean, tookMs: number) => void },
  ) => void;
  readonly stop: () => void;
}

/** Sends operations with the page's own key: over HTTP, subscriptions over the page's socket. */
export function useRun(): Running {
  const api = useApi();
  const [outcome, setOutcome] = useState<RunOutcome | null>(null);
  const [isRunning, setIsRunning] = useState(false);
  const end = useRef<() => void>(() => undefined);
  const stop = useCallback(() => {
    end.current();
    end.current = () => undefined;
    setIsRunning(false);
  }, []);
  useEffect(() => () => end.current(), []);
  const run = useCallback<Running["run"]>(
    (order, { onAnswer, onEnd }) => {
      end.current();
      setIsRunning(true);
      if (order.operation.kind === "subscription") {
        end.current = follow(api, order, {
          onEvents: setOutcome,
          onAnswer,
          onEnd: (isFault, tookMs) => {
            setIsRunning(false);
            onEnd(isFault, tookMs);
          },
        });
        return;
      }
      const startedAt = performance.now();
      const cut = new AbortController();
      end.current = () => {
        cut.abort();
        setOutcome({
          kind: "answer",
          name: order.operation.name,
          tookMs: performance.now() - startedAt,
          isFault: true,
          text: STOPPED,
        });
      };
      void send(api.post, order, cut.signal).then((answer) => {
        if (cut.signal.aborted) return;
        end.current = () => undefined;
        const tookMs = performance.now() - startedAt;
        const { isFault, text, data } = answer;
        setOutcome({ kind: "answer", name: order.operation.name, tookMs, isFault, text });
        setIsRunning(false);
        onAnswer(data);
        onEnd(isFault, tookMs);
      });
    },
    [api],
  );
  return { outcome, isRunning, run, stop };
}

interface Sent {
  readonly isFault: boolean;
  readonly text: string;
  readonly data: unknown;
}

async function send(
  post: ReturnType<typeof useApi>["post"],
  { query, variables, operation }: RunOrder,
  signal: AbortSignal,
): Promise<Sent> {
  try {
    const answer = await post({ query, variables, operationName: operation.name || undefined }, signal);
    const text = await answer.text();
    try {
      const body = JSON.parse(text) as { data?: unknown; errors?: readonly unknown[] };
      return { isFault: !answer.ok || Boolean(body.errors), text: JSON.stringify(body, null, 2), data: body.data };
    } catch {
      // Of a proxy, and no GraphQL.
      return { isFault: true, text: `${answer.status} ${answer.statusText}\n\n${text}`, data: null };
    }
  } catch {
    const text =
      "The server is not responding. It may be stopped, or the network may be down. Run the operation again later.";
    return { isFault: true, text, data: null };
  }
}

interface Told {
  readonly onEvents: (outcome: RunOutcome) => void;
  readonly onAnswer: (data: unknown) => void;
  readonly onEnd: (isFault: boolean, tookMs: number) => void;
}

/** Follows a subscription until it ends or the function that this returns is called. */
function follow({ connection }: ReturnType<typeof useApi>, order: RunOrder, tell: Told): () => void {
  const startedAt = Date.now();
  const { query, operation } = order;
  // The client sends these again when it reconnects, so they hold the newest cursor.
  const variables = { ...order.variables };
  let events: readonly ExploreEvent[] = [];
  let number = 0;
  let total = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const show = (): void => {
    timer = undefined;
    tell.onEvents({ kind: "events", name: operation.name, startedAt, events, total });
  };
  const add = (kind: ExploreEvent["kind"], value: unknown): void => {
    number += 1;
    if (kind !== "note") total += 1;
    events = [...events.slice(1 - MAX_EVENTS), { number, at: Date.now(), kind, value }];
    timer ??= setTimeout(show, GATHER_MS);
  };
  let wasAway = false;
  const unlisten = connection.listen(() => {
    const { phase } = connection.state;
    if (phase === "away") {
      if (!wasAway) add("note", "Connection lost. Reconnecting automatically.");
      wasAway = true;
    } else if (phase === "live" && wasAway) {
      add("note", operation.takesAfter && variables.after ? RESUMED : NOT_RESUMED);
      wasAway = false;
    }
  });
  let isOver = false;
  const close = (isFault: boolean, note: string): void => {
    if (isOver) return;
    isOver = true;
    add("note", note);
    clearTimeout(timer);
    show();
    unlisten();
    tell.onEnd(isFault, Date.now() - startedAt);
  };
  show();
  const unsubscribe = connection.client.subscribe(
    { query, variables, operationName: operation.name || null },
    {
      next: (answer) => {
        add(answer.errors ? "fault" : "answer", answer.errors ? answer : answer.data);
        const cursor = cursorIn(answer.data);
        if (operation.takesAfter && cursor !== undefined) variables.after = cursor;
        tell.onAnswer(answer.data);
      },
      error: (error) => {
        add("fault", Array.isArray(error) ? { errors: error as unknown } : messageOf(error));
        close(true, "The server ended the subscription with an error.");
      },
      complete: () => close(false, "Ended."),
    },
  );
  return () => {
    close(false, "Stopped.");
    unsubscribe();
  };
}

/** Of a socket that was closed: why, with its code. */
function messageOf(error: unknown): string {
  if (error instanceof CloseEvent)
    return `The connection was closed with code ${error.code}: ${error.reason || "no reason given"}.`;
  return error instanceof Error ? error.message : String(error);
}

function cursorIn(data: unknown): string | undefined {
  const event = Object.values((data ?? {}) as Record<string, unknown>)[0];
  const { cursor, resumeAt } = (event ?? {}) as { cursor?: unknown; resumeAt?: unknown };
  const found = cursor ?? resumeAt;
  return typeof found === "string" ? found : undefined;
}
