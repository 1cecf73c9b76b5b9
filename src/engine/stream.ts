import type { DataSource } from "typeorm";
import { listen, type Listener } from "../database/listener.js";
import { assertCursorKind, decodeCursor, encodeCursor } from "./cursor.js";
import type { Change, Gap, Scope } from "./engine.js";
import { CHANGE_COLUMNS, changesAfter, isInScope, readDatabaseId, withCursor, type ChangeRow } from "./history.js";
import { Subscription, type Place } from "./subscription.js";

/** Rows fetched per collection and wake-up; more are fetched at once after. */
const PAGE = 500;
/** Stands behind LISTEN: a notification that is lost costs this long. */
const POLL_MS = 1_000;

/**
 * The live stream of one process: one LISTEN connection wakes one reader, which fetches for all watched collections in
 * one statement. A subscription replays from its cursor and then follows; a slow one falls back to its cursor.
 */
export class ChangeStream {
  readonly #db: DataSource;
  readonly #onError: (error: unknown, doing: string) => void;
  readonly #subscriptions = new Set<Subscription>();
  readonly #wakers = new Map<string, Set<() => void>>();
  /** How far the reader is, by collection; only those somebody watches. */
  readonly #read = new Map<string, bigint>();
  #databaseId = "";
  #listener: Listener | null = null;
  #timer: NodeJS.Timeout | null = null;
  #reading: Promise<void> | null = null;
  #again = false;

  constructor(db: DataSource, onError: (error: unknown, doing: string) => void) {
    this.#db = db;
    this.#onError = onError;
  }

  async start(url: string): Promise<void> {
    this.#databaseId = await readDatabaseId(this.#db);
    this.#listener = await listen(
      url,
      ["headway"],
      () => this.#wake(),
      (error) => this.#onError(error, "listening for changes"),
    );
    this.#timer = setInterval(() => this.#wake(), POLL_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    for (const subscription of this.#subscriptions) await subscription.return();
    await this.#listener?.close();
    await this.#reading;
  }

  /** How many subscriptions follow now; for tests and metrics. */
  get size(): number {
    return this.#subscriptions.size + [...this.#wakers.values()].reduce((sum, set) => sum + set.size, 0);
  }

  /** Where the stream of this scope stands now: everything committed so far is behind it. */
  async cursor(scope: Scope): Promise<string> {
    const place = await this.#head(scope);
    return this.#encode(scope, place);
  }

  /**
   * All changes of the scope behind `after`, then live ones; without `after`, live from now. A cursor that can't be
   * honoured gives one Gap first, and the stream goes on from its `resumeAt`.
   * @throws {BadInput} when `after` is no cursor, or of the wrong kind
   */
  async follow(scope: Scope, after: string | null): Promise<Subscription> {
    const kind = scope.kind === "project" ? "project" : "collection";
    const head = await this.#head(scope);
    let place = head;
    let gap: Gap | null = null;
    if (after !== null) {
      const cursor = decodeCursor(after);
      assertCursorKind(cursor, kind);
      place = { tx: cursor.kind === "project" ? cursor.tx : undefined, position: cursor.position };
      const cause = await this.#whyNot(cursor.databaseId, place);
      if (cause !== null) {
        gap = { gap: true, cause, resumeAt: this.#encode(scope, head) };
        place = head;
      }
    }
    const subscription: Subscription = new Subscription({
      scope,
      place,
      first: gap,
      read: (from, limit) => changesAfter(this.#db, scope, from, limit),
      toChange: (row) => withCursor(row, kind, this.#databaseId),
      reached: () => (scope.kind === "project" ? undefined : this.#read.get(scope.collectionId)),
      attach: (reached) => this.#attach(subscription, reached),
      onClose: () => {
        this.#subscriptions.delete(subscription);
        this.#forgetUnwatched();
      },
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Calls `onWake` after each commit that may concern the collection. Returns what ends it. */
  watch(collectionId: string, onWake: () => void): () => void {
    const set = this.#wakers.get(collectionId) ?? new Set();
    this.#wakers.set(collectionId, set.add(onWake));
    return () => {
      set.delete(onWake);
      if (set.size === 0) this.#wakers.delete(collectionId);
      this.#forgetUnwatched();
    };
  }

  /** True when the reader will deliver everything behind the subscription's place from now on. */
  #attach({ scope, place }: Subscription, reached: bigint | undefined): boolean {
    if (scope.kind === "project") return false;
    const now = this.#read.get(scope.collectionId);
    if (now === undefined) this.#read.set(scope.collectionId, BigInt(place.position));
    return now === undefined || now === reached;
  }

  #wake(): void {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = this.#readAll()
      .catch((error: unknown) => this.#onError(error, "reading changes"))
      .finally(() => {
        this.#reading = null;
        if (this.#again) {
          this.#again = false;
          this.#wake();
        }
      });
  }

  async #readAll(): Promise<void> {
    for (const subscription of this.#subscriptions) if (subscription.scope.kind === "project") subscription.wake();
    for (const collectionId of this.#wakers.keys())
      if (!this.#read.has(collectionId)) await this.#startReading(collectionId);
    while (this.#read.size > 0) {
      const rows = await this.#readPage();
      this.#deliver(rows);
      if (rows.length < PAGE) return;
    }
  }

  async #readPage(): Promise<ChangeRow[]> {
    return this.#db.query(
      `select c.* from unnest($1::uuid[], $2::bigint[]) as w(collection_id, position)
       cross join lateral (
         select ${CHANGE_COLUMNS} from status_change s
         where s.collection_id = w.collection_id and s.position > w.position order by s.position limit ${PAGE}
       ) c`,
      [[...this.#read.keys()], [...this.#read.values()].map(String)],
    );
  }

  #deliver(rows: readonly ChangeRow[]): void {
    const byCollection = new Map<string, ChangeRow[]>();
    for (const row of rows) {
      const list = byCollection.get(row.collectionId);
      if (list) list.push(row);
      else byCollection.set(row.collectionId, [row]);
    }
    for (const [collectionId, list] of byCollection) {
      if (this.#read.has(collectionId)) this.#read.set(collectionId, BigInt(list.at(-1)!.position));
      for (const wake of this.#wakers.get(collectionId) ?? []) wake();
    }
    for (const subscription of this.#subscriptions) {
      const { scope } = subscription;
      if (scope.kind === "project") continue;
      const list = byCollection.get(scope.collectionId);
      if (list) subscription.push(list.filter((row) => isInScope(row, scope)));
    }
  }

  async #startReading(collectionId: string): Promise<void> {
    const rows: { position: string }[] = await this.#db.query(
      "select coalesce(max(position), 0)::text as position from status_change where collection_id = $1",
      [collectionId],
    );
    if (!this.#read.has(collectionId)) this.#read.set(collectionId, BigInt(rows[0]!.position));
    for (const wake of this.#wakers.get(collectionId) ?? []) wake();
  }

  #forgetUnwatched(): void {
    const watched = new Set(this.#wakers.keys());
    for (const { scope } of this.#subscriptions) if (scope.kind !== "project") watched.add(scope.collectionId);
    for (const collectionId of this.#read.keys()) if (!watched.has(collectionId)) this.#read.delete(collectionId);
  }

  async #head(scope: Scope): Promise<Place> {
    if (scope.kind === "project") {
      const rows: { tx: string }[] = await this.#db.query("select pg_snapshot_xmin(pg_current_snapshot())::text as tx");
      return { tx: rows[0]!.tx, position: "0" };
    }
    const rows: { position: string }[] = await this.#db.query(
      "select coalesce(max(position), 0)::text as position from status_change where collection_id = $1",
      [scope.collectionId],
    );
    return { position: rows[0]!.position };
  }

  /** Why the stream can't be complete from there; null when it can. */
  async #whyNot(databaseId: string, place: Place): Promise<string | null> {
    if (databaseId !== this.#databaseId) return "The cursor was made by another database.";
    const rows: { ahead: boolean }[] = await this.#db.query(
      `select $1::bigint > coalesce(max(position), 0) or coalesce($2::xid8 > pg_snapshot_xmax(pg_current_snapshot()), false)
         as ahead from status_change`,
      [place.position, place.tx ?? null],
    );
    return rows[0]!.ahead ? "The cursor is ahead of this database: it was made before a restore." : null;
  }

  #encode(scope: Scope, { tx, position }: Place): string {
    const databaseId = this.#databaseId;
    return encodeCursor(
      scope.kind === "project"
        ? { databaseId, kind: "project", tx: tx ?? "0", position }
        : { databaseId, kind: "collection", position },
    );
  }
}

export type { Change, Gap };
