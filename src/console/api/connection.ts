import { createClient, type Client } from "graphql-ws";
import { useSyncExternalStore } from "react";
import { socketHere } from "../session/address.js";

/** How the socket is. `since` is when it became so, in milliseconds since 1970. */
export interface ConnectionState {
  readonly phase: "connecting" | "live" | "away";
  readonly since: number;
}

/** A server that is gone is asked again after 0.3 s, then ever later, up to this. */
const LONGEST_WAIT_MS = 5_000;
/** A network that swallows everything is noticed after at most these two together. */
const PING_MS = 10_000;
const PONG_MS = 5_000;
/** As the server closes a socket whose key is no longer good. */
const FORBIDDEN = 4403;

/** One socket for everything that is followed; it comes back by itself for as long as the page is open. */
export class Connection {
  readonly client: Client;
  #state: ConnectionState = { phase: "connecting", since: Date.now() };
  readonly #listeners = new Set<() => void>();
  readonly #returned = new Set<() => void>();

  constructor(key: string, onRefused: () => void) {
    let socket: WebSocket | null = null;
    let pong: ReturnType<typeof setTimeout> | undefined;
    this.client = createClient({
      url: socketHere("graphql"),
      connectionParams: { authorization: `Bearer ${key}` },
      lazy: false,
      keepAlive: PING_MS,
      retryAttempts: Infinity,
      shouldRetry: (event) => !isRefused(event),
      retryWait: waitToReturn,
      onNonLazyError: () => undefined, // The state below has told of it.
      on: {
        opened: (opened) => (socket = opened as WebSocket),
        connected: () => this.#become("live"),
        ping: (isReceived) => {
          if (!isReceived) pong = setTimeout(() => socket?.close(4408, "No response"), PONG_MS);
        },
        pong: () => clearTimeout(pong),
        closed: (event) => {
          clearTimeout(pong);
          this.#become("away");
          if (isRefused(event)) onRefused();
        },
      },
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Calls `listener` whenever the socket is back after it was away. */
  onReturn(listener: () => void): () => void {
    this.#returned.add(listener);
    return () => void this.#returned.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
    this.#returned.clear();
    void this.client.dispose();
  }

  #become(phase: ConnectionState["phase"]): void {
    const before = this.#state.phase;
    if (before === phase) return;
    this.#state = { phase, since: Date.now() };
    for (const listener of this.#listeners) listener();
    if (before === "away" && phase === "live") for (const listener of this.#returned) listener();
  }
}

export function useConnectionState(connection: Connection): ConnectionState {
  return useSyncExternalStore(connection.listen, () => connection.state);
}

function isRefused(event: unknown): boolean {
  return typeof event === "object" && event !== null && "code" in event && event.code === FORBIDDEN;
}

/** Ends early when the browser says that the network is back. */
async function waitToReturn(retries: number): Promise<void> {
  const waitMs = Math.min(LONGEST_WAIT_MS, 300 * 2 ** retries) * (0.75 + Math.random() / 2);
  await new Promise<void>((resolve) => {
    const go = (): void => {
      clearTimeout(timer);
      removeEventListener("online", go);
      resolve();
    };
    const timer = setTimeout(go, waitMs);
    addEventListener("online", go);
  });
}
