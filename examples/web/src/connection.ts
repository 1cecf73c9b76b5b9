import { createClient } from "graphql-ws";
import { useSyncExternalStore } from "react";
import { getSession, onSession } from "./session";

/** What this page knows of the server. `lostAt` is set in all phases but the first two. */
export interface ConnectionState {
  readonly phase: "connecting" | "live" | "away" | "offline" | "expired";
  readonly lostAt: Date | null;
}

const LONGEST_WAIT_MS = 5_000;
/** A network that swallows everything is noticed after at most these two together. */
const PING_EVERY_MS = 10_000;
const PONG_DEADLINE_MS = 5_000;
/** How the server closes a socket whose key is not, or no longer, good. */
const KEY_REFUSED = 4403;
/** How this page closes it: when nobody subscribes any more, and to open it with another key. */
const OWN_CLOSES = [1000, 4499];

let state: ConnectionState = { phase: "connecting", lostAt: null };
let isSocketOpen = false;
const listeners = new Set<() => void>();
const waiting = new Set<() => void>();
let pong: ReturnType<typeof setTimeout> | undefined;

/** One socket for all subscriptions. It does not reconnect by itself: what was lost is asked again by the link in apollo.ts. */
export const socket = createClient({
  url: () => `${getSession()!.server.replace(/^http/, "ws")}/graphql`,
  connectionParams: () => ({ authorization: `Bearer ${getSession()!.key}` }),
  retryAttempts: 0,
  lazyCloseTimeout: 5_000,
  keepAlive: PING_EVERY_MS,
  on: {
    connected: () => {
      isSocketOpen = true;
      become("live");
    },
    ping: (isReceived) => {
      if (!isReceived) pong = setTimeout(drop, PONG_DEADLINE_MS);
    },
    pong: () => clearTimeout(pong),
    closed: (event) => {
      clearTimeout(pong);
      isSocketOpen = false;
      const { code } = event as CloseEvent;
      if (code === KEY_REFUSED) become("expired");
      else if (!OWN_CLOSES.includes(code)) lost();
    },
  },
});

function drop(): void {
  socket.terminate();
  lost();
}

onSession(() => {
  // It was opened with the key before.
  socket.terminate();
  become("connecting");
  wake();
});
addEventListener("offline", () => {
  if (state.phase !== "expired") become("offline");
});
addEventListener("online", () => {
  if (state.phase === "offline") become(isSocketOpen ? "live" : "away");
  wake();
});

export function useConnection(): ConnectionState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => state,
  );
}

/** A request had no answer. As long as the socket is open the server is there. */
export function lost(): void {
  if (!isSocketOpen && state.phase !== "expired") become(navigator.onLine ? "away" : "offline");
}

/** This key was refused. An answer to the key before says nothing of the present one. */
export function keyRefused(key: string): void {
  if (key === getSession()?.key) become("expired");
}

/**
 * Resolves when it is worth asking again: after a while that grows with the failures, at once when the network comes
 * back, and after a key was refused only when there is another.
 */
export function untilWorthAsking(failures: number): Promise<void> {
  return new Promise((resolve) => {
    // With some chance in it: a thousand pages must not come back at the same moment.
    const waitMs = Math.min(LONGEST_WAIT_MS, 250 * 2 ** failures) * (0.5 + Math.random() / 2);
    const timer = state.phase === "expired" ? undefined : setTimeout(go, waitMs);
    function go(): void {
      clearTimeout(timer);
      waiting.delete(go);
      resolve();
    }
    waiting.add(go);
  });
}

function wake(): void {
  for (const go of waiting) go();
}

function become(phase: ConnectionState["phase"]): void {
  if (phase === state.phase) return;
  const isLost = phase !== "live" && phase !== "connecting";
  state = { phase, lostAt: isLost ? (state.lostAt ?? new Date()) : null };
  for (const listener of listeners) listener();
}
