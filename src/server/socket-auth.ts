import { GraphQLError } from "graphql";
import type { WebSocket } from "ws";
import { SingleFlight } from "../async/single-flight.js";
import { busyOf } from "../database/busy.js";
import { AccessDenied, messageOf } from "../errors.js";
import type { Logger } from "../logger.js";
import type { GraphService } from "./graph-service.js";

/** With the five seconds that a key is trusted for, a socket outlives its key by 15 s at most. */
const RECHECK_MS = 10_000;
/** A socket may connect without a key and name one with its first operation; it is closed when it has not by then. */
const KEYLESS_MS = 10_000;
/** Open sockets of one key: tabs and services of one owner; more are a loop that reconnects and does not let go. */
const MAX_SOCKETS = 50;
/** "Too many": as graphql-ws uses it for too many initialisations. */
const TOO_MANY = 4429;
/** As graphql-ws closes where a connection is refused. Its own client tries a few times more, and then gives up. */
const FORBIDDEN = 4403;
const NO_GOOD_KEY = "The key is missing, unknown, revoked or expired";
/** "Try Again Later" (IANA): clients of graphql-ws connect again by themselves, as they do not after an internal error. */
const TRY_AGAIN_LATER = 1013;
/** A client that does not answer the close is not waited for. */
const CLOSE_MS = 5_000;
/** A page names one; a playground those of its tabs. Each is kept, and looked at again, as long as its socket is open. */
const MAX_KEYS = 10;

type Authenticator<Principal> = Pick<
  GraphService<Principal>,
  "authenticate" | "isValid" | "recheckMs" | "authTimeoutMs" | "idOf" | "onBusy"
>;

/**
 * Who is behind each socket: by the key in its connectionParams, or, as the playground's Headers tab sends it, in the
 * `extensions.headers` of an operation. A socket whose key is no longer good is closed with 4403.
 */
export class SocketAuth<Principal> {
  readonly #service: Authenticator<Principal>;
  /** Every principal that a socket has named, by what it sent; none for one that has not said yet who it is. */
  readonly #principals = new Map<WebSocket, Map<unknown, Principal>>();
  readonly #timer: NodeJS.Timeout;
  readonly #rechecks: SingleFlight;

  constructor(service: Authenticator<Principal>, logger: Logger) {
    this.#service = service;
    this.#rechecks = new SingleFlight(
      () => this.#recheck(),
      (error) =>
        logger.warn({ error: messageOf(error) }, "while asking whether the keys of open sockets are still good"),
    );
    // Never one right behind the other: while a database is slow to answer, the next is left out.
    this.#timer = setInterval(() => this.#rechecks.isRunning || this.#rechecks.run(), service.recheckMs ?? RECHECK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    void this.#rechecks.close();
  }

  forget(socket: WebSocket): void {
    this.#principals.delete(socket);
  }

  /** Whether the socket has named a key that was good. */
  isKnown(socket: WebSocket): boolean {
    return (this.#principals.get(socket)?.size ?? 0) > 0;
  }

  /** False refuses the connection. */
  async onConnect(socket: WebSocket, params: Readonly<Record<string, unknown>> | undefined): Promise<boolean> {
    const authorization = authorizationIn(params);
    if (authorization === undefined) {
      this.#principals.set(socket, new Map());
      const timer = setTimeout(() => {
        if (this.#principals.get(socket)?.size === 0) turnAway(socket);
      }, this.#service.authTimeoutMs ?? KEYLESS_MS);
      socket.once("close", () => clearTimeout(timer));
      return true;
    }
    try {
      const principal = await this.#service.authenticate(authorization);
      if (this.#socketsOf(principal) >= MAX_SOCKETS) {
        socket.close(TOO_MANY, "Too many sockets");
        return false;
      }
      return this.#keep(socket, new Map([[authorization, principal]]));
    } catch (error) {
      if (error instanceof AccessDenied) turnAway(socket);
      else if (busyOf(error)) {
        this.#service.onBusy(error);
        socket.close(TRY_AGAIN_LATER, "The database is busy");
      } else throw error;
      return false;
    }
  }

  /**
   * Whoever sends this operation; or the error to answer it with. Its key is looked at for each operation, so a socket
   * that is still to be closed, or does not answer its close, can do no more with it than a request could.
   */
  async principalOf(
    socket: WebSocket,
    extensions: Readonly<Record<string, unknown>> | null | undefined,
  ): Promise<Principal | GraphQLError> {
    const known = this.#principals.get(socket) ?? new Map<unknown, Principal>();
    const headers = extensions?.headers;
    const named = isRecord(headers) ? authorizationIn(headers) : undefined;
    const [first] = known.keys();
    const authorization = named ?? first;
    try {
      const principal = await this.#service.authenticate(authorization);
      if (!known.has(authorization) && known.size >= MAX_KEYS) throw tooManyKeys();
      if (!known.has(authorization) && this.#socketsOf(principal) >= MAX_SOCKETS) {
        const message = `This key has ${MAX_SOCKETS} open sockets, which is the limit; close some first.`;
        return new GraphQLError(message, { extensions: { code: "TOO_MANY_SOCKETS" } });
      }
      known.set(authorization, principal);
      this.#keep(socket, known);
      return principal;
    } catch (error) {
      if (error instanceof AccessDenied)
        return new GraphQLError(error.message, { originalError: error, extensions: { code: error.code } });
      if (busyOf(error)) return new GraphQLError(messageOf(error), { originalError: error as Error });
      throw error;
    }
  }

  /** False for a socket that went while its key was looked at: nobody would forget it any more. */
  #keep(socket: WebSocket, principals: Map<unknown, Principal>): boolean {
    if (socket.readyState !== socket.OPEN) return false;
    this.#principals.set(socket, principals);
    return true;
  }

  #socketsOf(principal: Principal): number {
    const id = this.#service.idOf(principal);
    const theirs = [...this.#principals.values()].filter((principals) =>
      [...principals.values()].some((one) => this.#service.idOf(one) === id),
    );
    return theirs.length;
  }

  async #recheck(): Promise<void> {
    let fault: unknown = null;
    for (const [socket, principals] of this.#principals) {
      try {
        for (const principal of principals.values()) {
          if (await this.#service.isValid(principal)) continue;
          turnAway(socket);
          break;
        }
      } catch (error) {
        // Nobody is thrown out because the database can't be asked just now.
        fault = error;
      }
    }
    if (fault !== null) throw fault;
  }
}

function turnAway(socket: WebSocket): void {
  if (socket.readyState !== socket.OPEN) return; // It is being closed already.
  socket.close(FORBIDDEN, NO_GOOD_KEY);
  const timer = setTimeout(() => socket.terminate(), CLOSE_MS);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
}

function tooManyKeys(): AccessDenied {
  return new AccessDenied("FORBIDDEN", `This socket has used ${MAX_KEYS} keys, which is the limit; open another one.`);
}

function authorizationIn(params: Readonly<Record<string, unknown>> | undefined): unknown {
  return params?.authorization ?? params?.Authorization;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
