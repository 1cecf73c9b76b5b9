import type { Client } from "graphql-ws/client";
import { ClientError } from "./errors.js";

/** A socket may die without a word (a cable, a proxy): it is asked this often, and dropped when no answer comes. */
const PING_EVERY_MS = 15_000;
const PONG_DEADLINE_MS = 10_000;

/** How sockets are opened. */
export interface SocketOptions {
  /** Of HTTP; the socket's is made of it. */
  readonly url: string;
  readonly connectionParams: Record<string, unknown>;
  /** The class of WebSockets; awaited. */
  readonly webSocket: () => unknown;
  /** How often a socket that broke is opened again, with the same variables. */
  readonly reconnects: number;
}

/** A client for subscriptions, whose socket is opened with the first. What sockets need is loaded here, and not before. */
export async function openSocket({ url, connectionParams, webSocket, reconnects }: SocketOptions): Promise<Client> {
  const [{ createClient }, webSocketImpl] = await Promise.all([import("graphql-ws/client"), webSocket()]);
  if (typeof webSocketImpl !== "function") {
    throw new ClientError(
      "NO_WEBSOCKET",
      "This environment has no WebSocket; pass a WebSocket class as the option webSocket.",
    );
  }
  let pong: ReturnType<typeof setTimeout> | undefined;
  const socket: Client = createClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl,
    connectionParams,
    retryAttempts: reconnects,
    shouldRetry: () => true,
    keepAlive: PING_EVERY_MS,
    on: {
      ping: (received) => {
        if (!received) pong = setTimeout(() => socket.terminate(), PONG_DEADLINE_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(pong);
      },
      closed: () => clearTimeout(pong),
    },
  });
  return socket;
}
