import pRetry, { AbortError } from "p-retry";
import type { FollowedEvent } from "../client/follow.js";
import { HeadwayError } from "../errors.js";
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
/** About four minutes in all: longer than a server takes to be replaced. */
const ATTEMPTS = 20;
const RETRIES = { retries: ATTEMPTS, minTimeout: 250, factor: 2, maxTimeout: 15_000, randomize: true };
/** What may be another way at the next try. */
const PASSING = ["UNREACHABLE", "INTERNAL", "RATE_LIMITED", "SERVICE_BUSY"];

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

/** Follows the changes of a job behind a cursor: none is missing and none comes twice, over however many connections. */
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

  /**
   * Resolves when `handle` says that it is over, when the job is settled and nothing more is to come, or when the signal is
   * aborted. @throws {HeadwayError} UNREACHABLE in the end
   */
  async run(): Promise<void> {
    const { client, jobId, signal, onLost } = this.#parts;
    const events = client.follow(jobId, { after: this.#cursor, signal, attempts: ATTEMPTS, onLost });
    for await (const followed of events) {
      const event = eventOf(followed);
      const isOver = await this.#handled(event);
      if (signal.aborted) return;
      this.#cursor = event.kind === "StatusChange" ? event.cursor : event.resumeAt;
      if (isOver) return;
    }
  }

  /** What could not be handled because the server was away is handled again. */
  async #handled(event: ChangeEvent | GapEvent): Promise<boolean> {
    const { signal, handle, onLost } = this.#parts;
    try {
      return await pRetry(
        async () => {
          try {
            return await handle(event);
          } catch (error) {
            if (error instanceof HeadwayError && PASSING.includes(error.code)) throw error;
            throw error instanceof Error ? new AbortError(error) : error;
          }
        },
        {
          ...RETRIES,
          signal,
          onFailedAttempt: ({ error }) => {
            if (!signal.aborted && !(error instanceof AbortError)) onLost(error.message);
          },
        },
      );
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }
}

function eventOf(event: FollowedEvent): ChangeEvent | GapEvent {
  const { __typename: kind, ...rest } = event;
  return { kind, ...rest } as ChangeEvent | GapEvent;
}
