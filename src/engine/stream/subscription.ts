import { Signal } from "../../async/signal.js";
import type { EntityType } from "../../lifecycle/status.js";
import type { StatusChange } from "../../model/status-change.js";
import type { Gap, Scope } from "./scope.js";
import type { ChangeRow } from "./history.js";
import { isAfter, positionOf, type Position } from "./position.js";

interface SubscriptionDeps {
  readonly scope: Scope;
  readonly place: Position;
  /** Changes of these entities alone are handed out; null: of all. */
  readonly entityTypes: readonly EntityType[] | null;
  /** Handed out before anything else. */
  readonly first: Gap | null;
  /** None where there are no more, and where the place is no longer one of the history. */
  readonly read: (after: Position, limit: number) => Promise<ChangeRow[]>;
  readonly stands: (place: Position) => Promise<boolean>;
  /** What is handed out where the place no longer stands, and where the subscription goes on. */
  readonly restart: () => Promise<{ readonly gap: Gap; readonly place: Position }>;
  readonly toChange: (row: ChangeRow) => StatusChange;
  /** How far the live reader is; asked before each read. */
  readonly readerPosition: () => Position | null;
  /**
   * Asked when a read has found no more: true when live rows will come through `push` from here on. False when the
   * live reader has moved since `readerPosition`: what it delivered meanwhile may be missing from the read.
   */
  readonly joinLive: (readerPosition: Position | null) => boolean;
  readonly onClose: () => void;
}

/** Live rows kept for a client that is slow to ask; past this it keeps only its cursor and reads again. */
const MAX_KEPT = 200;
const PAGE = 200;

/**
 * One client's way through the history: replay, then follow. An iterator and no generator, because a generator that
 * waits can't be ended from outside: `return()` ends the wait at once.
 */
export class Subscription implements AsyncIterableIterator<StatusChange | Gap> {
  readonly scope: Scope;
  readonly #deps: SubscriptionDeps;
  readonly #kind: "collection" | "project";
  /** Where a read that starts anew begins: all up to here was handed out, or is not wanted. */
  #place: Position;
  /** How far has been read, or pushed; what is wanted of it lies in #rows until it is handed out. */
  #read: Position;
  #first: Gap | null;
  #rows: ChangeRow[] = [];
  #live = false;
  #closed = false;
  readonly #wake = new Signal();

  constructor(deps: SubscriptionDeps) {
    this.#deps = deps;
    this.scope = deps.scope;
    this.#kind = deps.scope.kind === "project" ? "project" : "collection";
    this.#place = deps.place;
    this.#read = deps.place;
    this.#first = deps.first;
  }

  /** The last place that was handed out or read. */
  get place(): Position {
    return this.#read;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<StatusChange | Gap>> {
    while (!this.#closed) {
      if (this.#first) {
        const value = this.#first;
        this.#first = null;
        return { done: false, value };
      }
      const row = this.#rows.shift();
      if (row) {
        this.#place = this.#rows.length > 0 ? positionOf(this.#kind, row) : this.#read;
        return { done: false, value: this.#deps.toChange(row) };
      }
      if (!this.#live && (await this.#readMore())) continue;
      await this.#wake.wait();
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<StatusChange | Gap>> {
    if (!this.#closed) {
      this.#closed = true;
      this.#rows = [];
      this.#deps.onClose();
      this.#wake.raise();
    }
    return { done: true, value: undefined };
  }

  /** Live rows of the scope, in order. Those this subscription has had are left out. */
  push(rows: readonly ChangeRow[]): void {
    if (!this.#live || this.#closed) return;
    const read = this.#read;
    this.#keep(rows.filter((row) => isAfter(this.#kind, row, read)));
    if (this.#rows.length > MAX_KEPT) {
      this.#live = false;
      this.#rows = [];
      this.#read = this.#place;
    }
    this.#wake.raise();
  }

  /** Takes note of the next rows, and keeps those that are wanted. */
  #keep(rows: readonly ChangeRow[]): void {
    const last = rows.at(-1);
    if (!last) return;
    const { entityTypes } = this.#deps;
    this.#rows.push(...(entityTypes === null ? rows : rows.filter((row) => entityTypes.includes(row.entityType))));
    this.#read = positionOf(this.#kind, last);
    if (this.#rows.length === 0) this.#place = this.#read;
  }

  /** The history has changed under the live reader: whether this subscription's place stands is for its next read to say. */
  recheck(): void {
    this.#live = false;
    this.#rows = [];
    this.#read = this.#place;
    this.#wake.raise();
  }

  /** True when there is something to hand out, or when another read is due. */
  async #readMore(): Promise<boolean> {
    this.#wake.clear();
    const reached = this.#deps.readerPosition();
    // All rows are read and the unwanted ones left out here: a page costs the same, however few of it are wanted.
    const rows = await this.#deps.read(this.#read, PAGE);
    if (this.#closed) return true;
    this.#keep(rows);
    if (rows.length === PAGE) return true;
    if (rows.length === 0 && !(await this.#deps.stands(this.#read))) {
      const { gap, place } = await this.#deps.restart();
      [this.#first, this.#place, this.#read] = [gap, place, place];
      return true;
    }
    // No await between the check and the decision to wait: what commits after it comes through push.
    this.#live = this.#deps.joinLive(reached);
    return !this.#live || rows.length > 0;
  }
}
