import pRetry, { AbortError } from "p-retry";
import { HeadwayError, messageOf } from "../errors.js";
import type { ApiClient } from "./client.js";

/** A change, as the stream gives it. */
export interface ChangeEvent {
  readonly kind: "StatusChange";
  readonly cursor: string;
  readonly entityType: "COLLECTION" | "JOB" | "TASK";
  readonly entityId: string;
  readonly taskId: string | null;
  readonly version: number;
  readonly fromStatus: string | null;
  readonly toStatus: string;
  readonly fromStage: string | null;
  readonly toStage: string | null;
  readonly attempt: number | null;
  readonly reason: string;
  readonly message: string | null;
  readonly at: string;
  readonly actor: { readonly type: string; readonly name: string };
}
/** The stream could not be complete from where it was asked for. */
export interface GapEvent {
  readonly kind: "StreamGap";
  readonly cause: string;
  readonly resumeAt: string;
}

export const CHANGE_FIELDS = `cursor entityType entityId taskId version fromStatus toStatus fromStage toStage attempt reason
  message at actor { type name }`;
const CHANGES = `subscription ($id: ID!, $after: String!) { statusChanges(jobId: $id, after: $after) { kind: __typename
  ... on StatusChange { ${CHANGE_FIELDS} } ... on StreamGap { cause resumeAt } } }`;

/** About four minutes in all: longer than a server takes to be replaced. */
const RETRIES = { retries: 20, minTimeout: 250, factor: 2, maxTimeout: 15_000, randomize: true };
/** A socket that lived this long was a good one, and what comes after it begins to count anew. */
const GOOD_MS = 10_000;
/** What may be another way at the next try. */
const PASSING = ["UNREACHABLE", "INTERNAL", "RATE_LIMITED", "SERVICE_BUSY"];
/** Closes that no other try would change. */
const FATAL_CLOSES: Readonly<Record<number, readonly [code: string, message: string]>> = {
  4400: ["BAD_REQUEST", "The server does not understand this client; is one of the two of another version?"],
  4403: ["UNAUTHENTICATED", "The key is not known, or no longer good; look at --key or HEADWAY_KEY."],
};

export interface Following {
  readonly client: ApiClient;
  readonly jobId: string;
  /** Ends the watch when it is aborted. */
  readonly signal: AbortSignal;
  /** Returns true when nothing more is to come. What it throws as UNREACHABLE is handed to it again later. */
  readonly handle: (event: ChangeEvent | GapEvent) => Promise<boolean>;
  /** Called each time the connection is lost, before it is tried again. */
  readonly onLost: (why: string) => void;
}

/**
 * Follows the changes of a job behind a cursor, over as many connections as it takes: each goes on behind the last change
 * that was handled, so that none is missing and none comes twice.
 */
export class Follower {
  readonly #parts: Following;
  #cursor: string;

  constructor(parts: Following, after: string) {
    this.#parts = parts;
    this.#cursor = after;
  }

  /** Behind the last change that was handled. */
  get cursor(): string {
    return this.#cursor;
  }

  /** Resolves when `handle` says that it is over, or when the signal is aborted. @throws {HeadwayError} UNREACHABLE in the end */
  async run(): Promise<void> {
    const { signal, onLost } = this.#parts;
    let isOver = false;
    while (!isOver && !signal.aborted) {
      try {
        isOver = await pRetry(() => this.#session(), {
          ...RETRIES,
          signal,
          onFailedAttempt: ({ error }) => {
            if (!signal.aborted) onLost(error.message);
          },
        });
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
    }
  }

  /** One connection: true when all is over, false when it broke after some good time; throws when it was no good. */
  async #session(): Promise<boolean> {
    const { client, jobId, signal, handle, onLost } = this.#parts;
    const startedAt = performance.now();
    const before = this.#cursor;
    const events = client.subscribe<{ statusChanges: ChangeEvent | GapEvent }>(CHANGES, {
      id: jobId,
      after: this.#cursor,
    });
    const stop = (): void => void events.return?.();
    signal.addEventListener("abort", stop, { once: true });
    try {
      for await (const { statusChanges: event } of events) {
        const isOver = await handle(event);
        this.#cursor = event.kind === "StatusChange" ? event.cursor : event.resumeAt;
        if (isOver) return true;
      }
      throw new Error("the server ended the stream");
    } catch (error) {
      if (signal.aborted) return true;
      const lost = lostOf(error);
      if (this.#cursor === before && performance.now() - startedAt < GOOD_MS) throw lost;
      onLost(lost.message);
      return false;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}

/** What broke the stream, as an error to try again on. @throws {AbortError} what no other try would change */
function lostOf(error: unknown): Error {
  if (error instanceof HeadwayError && !PASSING.includes(error.code)) throw new AbortError(error);
  // What a socket broke with is an event of its closing, or of an error of its own.
  const { code, reason, message } = error as { code?: unknown; reason?: string; message?: string };
  const said = reason || message || (typeof code === "number" ? `closed with ${code}` : messageOf(error));
  const fatal = typeof code === "number" ? FATAL_CLOSES[code] : undefined;
  if (fatal !== undefined) throw new AbortError(new HeadwayError(...fatal));
  if (error instanceof Error) return error;
  return new HeadwayError("UNREACHABLE", `The connection was lost: ${said}`);
}
