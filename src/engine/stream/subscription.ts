import type { Change, Gap, Scope } from "../engine.js";
import { isBehind, placeOf } from "./feed.js";
import type { ChangeRow } from "./history.js";

/** Where a subscription stands: all up to here has been handed out. */
export interface Place {
  readonly tx?: string | undefined;
  readonly position: string;
}

interface SubscriptionParts {
  readonly scope: Scope;
  readonly place: Place;
  /** Handed out before anything else. */
  readonly first: Gap | null;
  readonly read: (after: Place, limit: number) => Promise<ChangeRow[]>;
  readonly toChange: (row: ChangeRow) => Change;
  /** How far the live reader is; asked before each read. */
  readonly reached: () => Place | null;
  /**
   * Asked when a read has found no more: true when live rows will come through `push` from here on. False when the
   * live reader has moved since `reached`: what it delivered meanwhile may be missing from the read.
   */
  readonly attach: (reached: Place | null) => boolean;
  readonly onClose: () => void;
}

/** Live rows kept for a client that is slow to ask; past this it keeps only its cursor and reads again. */
const MAX_KEPT = 200;
const PAGE = 200;

/**
 * One client's way through the history: replay, then follow. An iterator and no generator, because a generator that
 * waits can't be ended from outside: `return()` ends the wait at once.
 */
export class Subscription implements AsyncIterableIterator<Change | Gap> {
  readonly scope: Scope;
  readonly #parts: SubscriptionParts;
  readonly #kind: "collection" | "project";
  #place: Place;
  #first: Gap | null;
  #rows: ChangeRow[] = [];
  #live = false;
  #closed = false;
  #awake = false;
  #wakeUp: (() => void) | null = null;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
    this.scope = parts.scope;
    this.#kind = parts.scope.kind === "project" ? "project" : "collection";
    this.#place = parts.place;
    this.#first = parts.first;
  }

  /** The last place that was handed out or read. */
  get place(): Place {
    const last = this.#rows.at(-1);
    return last ? placeOf(this.#kind, last) : this.#place;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Change | Gap>> {
    if (this.#first) {
      const value = this.#first;
      this.#first = null;
      return { done: false, value };
    }
    while (!this.#closed) {
      const row = this.#rows.shift();
      if (row) {
        this.#place = placeOf(this.#kind, row);
        return { done: false, value: this.#parts.toChange(row) };
      }
      if (!this.#live && (await this.#readMore())) continue;
      await this.#wait();
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Change | Gap>> {
    if (!this.#closed) {
      this.#closed = true;
      this.#rows = [];
      this.#parts.onClose();
      this.wake();
    }
    return { done: true, value: undefined };
  }

  /** Live rows of the scope, in order. Those this subscription has had are left out. */
  push(rows: readonly ChangeRow[]): void {
    if (!this.#live || this.#closed) return;
    if (this.#rows.length + rows.length > MAX_KEPT) {
      this.#live = false;
      this.#rows = [];
    } else {
      const { place } = this;
      this.#rows.push(...rows.filter((row) => isBehind(this.#kind, row, place)));
    }
    this.wake();
  }

  /** There may be something to read. */
  wake(): void {
    this.#awake = true;
    this.#wakeUp?.();
  }

  /** True when there is something to hand out, or when another read is due. */
  async #readMore(): Promise<boolean> {
    this.#awake = false;
    const reached = this.#parts.reached();
    const rows = await this.#parts.read(this.#place, PAGE);
    if (this.#closed) return true;
    this.#rows.push(...rows);
    if (rows.length === PAGE) return true;
    // No await between the check and the decision to wait: what commits after it comes through push.
    this.#live = this.#parts.attach(reached);
    return !this.#live || rows.length > 0;
  }

  async #wait(): Promise<void> {
    if (this.#awake || this.#closed) {
      this.#awake = false;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
    });
    this.#wakeUp = null;
    this.#awake = false;
  }
}
