import { GraphQLError } from "graphql";
import type { WebSocket } from "ws";
import { AccessDenied, messageOf } from "../errors.js";
import type { Logger } from "../logger.js";
import type { GraphService } from "./websocket.js";

/** With the five seconds that a key is trusted for, a socket outlives its key by 15 s at most. */
const RECHECK_MS = 10_000;
/** A socket may connect without a key and name one with its first operation; it is closed when it has not by then. */
const KEYLESS_MS = 10_000;
/** What graphql-ws itself closes with when a connection is refused. */
const FORBIDDEN = 4403;

type Doorkeeper<Visitor> = Pick<GraphService<Visitor>, "authenticate" | "isStillGood" | "recheckMs">;

/**
 * Who is behind each socket: by the key in its connectionParams, or, as the playground's Headers tab sends it, in the
 * `extensions.headers` of an operation. A socket whose key is no longer good is closed with 4403.
 */
export class SocketVisits<Visitor> {
  readonly #service: Doorkeeper<Visitor>;
  readonly #logger: Logger;
  /** Every visitor that a socket has named, by what it sent; none for one that has not said yet who it is. */
  readonly #visitors = new Map<WebSocket, Map<unknown, Visitor>>();
  readonly #timer: NodeJS.Timeout;

  constructor(service: Doorkeeper<Visitor>, logger: Logger) {
    this.#service = service;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.#recheck(), service.recheckMs ?? RECHECK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  forget(socket: WebSocket): void {
    this.#visitors.delete(socket);
  }

  /** False refuses the connection. */
  async onConnect(socket: WebSocket, params: Readonly<Record<string, unknown>> | undefined): Promise<boolean> {
    const authorization = authorizationIn(params);
    if (authorization === undefined) {
      this.#visitors.set(socket, new Map());
      const timer = setTimeout(() => {
        if (this.#visitors.get(socket)?.size === 0) socket.close(FORBIDDEN, "Forbidden");
      }, KEYLESS_MS);
      socket.once("close", () => clearTimeout(timer));
      return true;
    }
    try {
      this.#visitors.set(socket, new Map([[authorization, await this.#service.authenticate(authorization)]]));
      return true;
    } catch (error) {
      if (!(error instanceof AccessDenied)) throw error;
      return false;
    }
  }

  /** Whoever sends this operation; or the error to answer it with. */
  async visitorOf(
    socket: WebSocket,
    extensions: Readonly<Record<string, unknown>> | null | undefined,
  ): Promise<Visitor | GraphQLError> {
    const known = this.#visitors.get(socket) ?? new Map<unknown, Visitor>();
    const headers = extensions?.headers;
    const authorization = isRecord(headers) ? authorizationIn(headers) : undefined;
    const [first] = known.values();
    if (authorization === undefined && first !== undefined) return first;
    try {
      const visitor = await this.#service.authenticate(authorization);
      known.set(authorization, visitor);
      return visitor;
    } catch (error) {
      if (!(error instanceof AccessDenied)) throw error;
      return new GraphQLError(error.message, { originalError: error, extensions: { code: error.code } });
    }
  }

  async #recheck(): Promise<void> {
    for (const [socket, visitors] of this.#visitors) {
      try {
        for (const visitor of visitors.values()) {
          if (await this.#service.isStillGood(visitor)) continue;
          socket.close(FORBIDDEN, "Forbidden");
          break;
        }
      } catch (error) {
        // Nobody is thrown out because the database can't be asked just now.
        this.#logger.warn({ error: messageOf(error) }, "while asking whether a socket's key is still good");
      }
    }
  }
}

function authorizationIn(params: Readonly<Record<string, unknown>> | undefined): unknown {
  return params?.authorization ?? params?.Authorization;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
