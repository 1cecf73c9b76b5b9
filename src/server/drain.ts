import type { RequestHandler } from "express";
import type { Server } from "node:http";

/** The end of an HTTP server: what is being answered is answered, within limits. */
export class Drain {
  sockets: { dispose(): Promise<void>; terminate(): void } | null = null;
  private started = false;
  private done: Promise<void> | null = null;

  constructor(private readonly http: Server) {}

  /** Ends each connection with its answer once the drain has begun. */
  readonly note: RequestHandler = (_req, res, next) => {
    if (this.started) res.set("connection", "close");
    res.once("finish", () => {
      if (this.started) setImmediate(() => this.http.closeIdleConnections());
    });
    next();
  };

  /** Resolves when no connection is left. */
  async run(): Promise<void> {
    this.started = true;
    const closed = new Promise<void>((resolve) => this.http.close(() => resolve()));
    this.http.closeIdleConnections();
    await Promise.all([closed, this.sockets?.dispose()]);
  }

  /** Runs `stop`, which ends with the last connection; at the latest after `graceMs` there is none. */
  endWithin(graceMs: number, stop: () => Promise<void>): Promise<void> {
    this.done ??= this.cutAfter(graceMs, stop);
    return this.done;
  }

  private async cutAfter(graceMs: number, stop: () => Promise<void>): Promise<void> {
    const cut = setTimeout(() => {
      this.sockets?.terminate();
      this.http.closeAllConnections();
    }, graceMs);
    try {
      await stop();
    } finally {
      clearTimeout(cut);
    }
  }
}
