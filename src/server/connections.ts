import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Pace } from "./receive.js";

/** Connections that have not shown a good key yet; the oldest goes when there is one more. */
const MAX_STRANGERS = 2_000;
/** As slow senders are: some 1 KB a second. */
const DEFAULT_PACE: Pace = { windowMs: 30_000, minBytes: 32_768 };

interface Watched {
  /** How many bytes its kernel had taken at the end of the window before; null where nothing waited then. */
  sentBytes: number | null;
}

export interface ConnectionBounds {
  readonly maxStrangers?: number;
  readonly readerPace?: Pace;
}

const owners = new WeakMap<Socket, Connections>();

/** From here on the connection is somebody's: it counts with what that key may have open. */
export function know(socket: Socket): void {
  owners.get(socket)?.know(socket);
}

/** From here on the connection is a WebSocket, which has bounds of its own for what is not read. */
export function unwatch(socket: Socket): void {
  owners.get(socket)?.unwatch(socket);
}

/**
 * Bounds what connections hold of this process: those without a key in number, and those that do not read their answers
 * in time, whatever path they ask at. WebSockets have bounds of their own for what is not read.
 */
export class Connections {
  readonly #strangers = new Set<Socket>();
  readonly #watched = new Map<Socket, Watched>();
  readonly #maxStrangers: number;
  readonly #pace: Pace;
  readonly #timer: NodeJS.Timeout;

  constructor(http: Server, { maxStrangers = MAX_STRANGERS, readerPace = DEFAULT_PACE }: ConnectionBounds = {}) {
    this.#maxStrangers = maxStrangers;
    this.#pace = readerPace;
    http.on("connection", (socket: Socket) => this.#add(socket));
    http.once("close", () => clearInterval(this.#timer));
    this.#timer = setInterval(() => this.#cutSlowReaders(), this.#pace.windowMs);
    this.#timer.unref();
  }

  know(socket: Socket): void {
    this.#strangers.delete(socket);
  }

  unwatch(socket: Socket): void {
    this.#watched.delete(socket);
  }

  #add(socket: Socket): void {
    owners.set(socket, this);
    this.#strangers.add(socket);
    this.#watched.set(socket, { sentBytes: null });
    socket.once("close", () => {
      this.#strangers.delete(socket);
      this.#watched.delete(socket);
    });
    if (this.#strangers.size <= this.#maxStrangers) return;
    const [oldest] = this.#strangers;
    this.#strangers.delete(oldest!);
    oldest!.destroy();
  }

  #cutSlowReaders(): void {
    for (const [socket, watched] of this.#watched) {
      const before = watched.sentBytes;
      watched.sentBytes = socket.writableLength > 0 ? sentBytesOf(socket) : null;
      if (before === null || watched.sentBytes === null) continue;
      if (watched.sentBytes - before < this.#pace.minBytes) socket.destroy();
    }
  }
}

/**
 * What the kernel has taken. An answer is often one write, of which Node tells only when it is done as a whole; its handle
 * tells what is left of it.
 */
function sentBytesOf(socket: Socket): number {
  const { _bytesDispatched: dispatched = 0, _handle: handle } = socket as unknown as {
    readonly _bytesDispatched?: number;
    readonly _handle?: { readonly writeQueueSize?: number } | null;
  };
  return dispatched - (handle?.writeQueueSize ?? 0);
}
