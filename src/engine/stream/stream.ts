import type { DataSource } from "typeorm";
import { SingleFlight } from "../../async/single-flight.js";
import type { EntityType } from "../../lifecycle/status.js";
import { assertCursorKind, decodeCursor, markIn } from "./cursor.js";
import { Feeds, isMoreToCome, lostFeeds, readFeeds, type Feed, type FeedRow } from "./feed.js";
import { changesAfter, headOf, isInScope, readDatabaseId, stands, withCursor } from "./history.js";
import { cursorAt, positionOf, type Position } from "./position.js";
import type { Gap, Scope } from "./scope.js";
import { Subscription } from "./subscription.js";

/** Rows fetched per feed and wake-up; more are fetched at once after. */
const PAGE = 500;
/** Stands behind `wake`: a notification that is lost costs this long. */
const POLL_MS = 1_000;
/** How soon a project is looked at again whose changes wait for an older transaction, which need not tell of its end. */
const HELD_BACK_MS = 20;

/**
 * The live stream of one process: one reader, woken by notifications, fetches for all watched collections and
 * projects in one statement. A subscription replays from its cursor and then follows; a slow one falls back to its
 * cursor.
 */
export class ChangeStream {
  readonly #db: DataSource;
  readonly #pollMs: number;
  readonly #feeds = new Feeds();
  #databaseId = "";
  #timer: NodeJS.Timeout | null = null;
  readonly #reads: SingleFlight;
  #later: NodeJS.Timeout | null = null;
  #heldBackMs = HELD_BACK_MS;
  /** A poll has come since it was last looked whether the feeds' places stand. */
  #isCheckDue = false;

  /** @param pollMs how often it is looked for what no notification has told */
  constructor(db: DataSource, onError: (error: unknown, doing: string) => void, pollMs = POLL_MS) {
    this.#db = db;
    this.#pollMs = pollMs;
    this.#reads = new SingleFlight(
      () => this.#readAll(),
      (error) => onError(error, "reading changes"),
    );
  }

  async start(): Promise<void> {
    this.#databaseId = await readDatabaseId(this.#db);
    this.#timer = setInterval(() => {
      this.#isCheckDue = true;
      this.#reads.run();
    }, this.#pollMs);
    this.#timer.unref();
  }

  /** To be called when the database tells of changes. Without it they are found by polling alone. */
  wake(): void {
    this.#reads.run();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    for (const { subscriptions } of this.#feeds) for (const one of subscriptions) await one.return();
    await this.#reads.close();
    if (this.#later) clearTimeout(this.#later);
  }

  /** How many subscriptions follow now; for tests and metrics. */
  get size(): number {
    return [...this.#feeds].reduce((sum, { subscriptions, wakers }) => sum + subscriptions.size + wakers.size, 0);
  }

  /** Where the stream of this scope stands now: everything committed so far is behind it. */
  async cursor(scope: Scope): Promise<string> {
    return cursorAt(kindOf(scope), await headOf(this.#db, scope), this.#databaseId);
  }

  /**
   * All changes of the scope behind `after`, then live ones; without `after`, live from now. A cursor that can't be
   * honoured gives one Gap first, and the stream goes on from its `resumeAt`. Of `entityTypes` alone, where they are given.
   * @throws {BadInput} when `after` is not a cursor, or of the wrong kind
   */
  async follow(
    scope: Scope,
    after: string | null,
    entityTypes: readonly EntityType[] | null = null,
  ): Promise<Subscription> {
    const kind = kindOf(scope);
    let place: Position | null = null;
    let gap: Gap | null = null;
    if (after !== null) {
      const cursor = decodeCursor(after);
      assertCursorKind(cursor, kind);
      const { position, change } = cursor;
      place = cursor.kind === "project" ? { tx: cursor.tx, position, change } : { position, change };
      const cause = await this.#whyNot(scope, cursor.databaseId, place);
      if (cause !== null) ({ gap, place } = await this.#restart(scope, cause));
    }
    const start = place ?? (await headOf(this.#db, scope));
    const feed = this.#feeds.of(scope);
    const subscription: Subscription = new Subscription({
      scope,
      place: start,
      entityTypes,
      first: gap,
      read: (from, limit) => changesAfter(this.#db, scope, from, limit),
      stands: (at) => stands(this.#db, scope, at),
      restart: () => this.#restart(scope, RESTORED),
      toChange: (row) => withCursor(row, kind, this.#databaseId),
      readerPosition: () => feed.place,
      joinLive: (reached) => {
        if (feed.place !== null) return feed.place === reached;
        feed.place = subscription.place;
        return true;
      },
      onClose: () => {
        feed.subscriptions.delete(subscription);
        this.#feeds.forgetUnwatched(feed);
      },
    });
    feed.subscriptions.add(subscription);
    return subscription;
  }

  /** Calls `onWake` after each commit that may concern the collection. Returns what ends it. */
  watch(projectId: string, collectionId: string, onWake: () => void): () => void {
    const feed = this.#feeds.of({ kind: "collection", projectId, collectionId });
    feed.wakers.add(onWake);
    return () => {
      feed.wakers.delete(onWake);
      this.#feeds.forgetUnwatched(feed);
    };
  }

  async #readAll(): Promise<void> {
    if (this.#isCheckDue) await this.#forgetLostPlaces();
    await this.#startReading();
    for (;;) {
      const feeds = [...this.#feeds].filter(({ place }) => place !== null);
      if (feeds.length === 0) return;
      const rows = await readFeeds(this.#db, feeds, PAGE);
      this.#deliver(rows);
      if (rows.length > 0) this.#heldBackMs = HELD_BACK_MS;
      if (rows.length === PAGE) continue;
      if (await isMoreToCome(this.#db, feeds)) this.#wakeLater();
      return;
    }
  }

  /** After a restore, or on a standby that took over without the last changes, others come at the places of those. */
  async #forgetLostPlaces(): Promise<void> {
    const feeds = [...this.#feeds].filter(({ place }) => place !== null);
    for (const feed of feeds.length === 0 ? [] : await lostFeeds(this.#db, feeds)) {
      feed.place = null;
      for (const wake of feed.wakers) wake();
      for (const one of feed.subscriptions) one.recheck();
    }
    this.#isCheckDue = false;
  }

  /** Soon at first, then ever later: some transactions take seconds. */
  #wakeLater(): void {
    if (this.#later) clearTimeout(this.#later);
    this.#later = setTimeout(() => this.#reads.run(), this.#heldBackMs);
    this.#later.unref();
    this.#heldBackMs = Math.min(POLL_MS, this.#heldBackMs * 2);
  }

  #deliver(rows: readonly FeedRow[]): void {
    const byFeed = new Map<Feed, FeedRow[]>();
    for (const row of rows) {
      const feed = this.#feeds.get(row.feed, row.feed === "project" ? row.projectId : row.collectionId);
      if (!feed) continue; // Nobody has watched it since the statement was sent.
      const list = byFeed.get(feed);
      if (list) list.push(row);
      else byFeed.set(feed, [row]);
    }
    for (const [feed, list] of byFeed) {
      feed.place = positionOf(feed.kind, list.at(-1)!);
      for (const wake of feed.wakers) wake();
      for (const one of feed.subscriptions) one.push(list.filter((row) => isInScope(row, one.scope)));
    }
  }

  /** Begins to read what only wakers watch, from now: what came before, they read by themselves. */
  async #startReading(): Promise<void> {
    const added = [...this.#feeds].filter(({ place, wakers }) => place === null && wakers.size > 0);
    if (added.length === 0) return;
    const rows: (Position & { id: string })[] = await this.#db.query(
      `select w.id, s.position::text as position, ${markIn("s")} as change
       from unnest($1::uuid[]) as w(id) cross join lateral (
         select change_id, position from headway.status_change where collection_id = w.id order by position desc limit 1) s`,
      [added.map(({ id }) => id)],
    );
    const heads = new Map(rows.map(({ id, ...head }) => [id, head]));
    for (const feed of added) {
      feed.place ??= heads.get(feed.id) ?? { position: "0", change: null };
      for (const wake of feed.wakers) wake();
    }
  }

  /** Why the stream can't be complete from there; null when it can. */
  async #whyNot(scope: Scope, databaseId: string, place: Position): Promise<string | null> {
    if (databaseId !== this.#databaseId) return "The cursor was created by another database.";
    if (place.position === "0" && (place.tx ?? "0") === "0") return null; // The very beginning.
    if (place.change === null) return "The cursor was created by an earlier build and does not identify a change.";
    // Every cursor is the place of a change of its collection or project.
    if (await stands(this.#db, scope, place)) return null;
    return `The change of the cursor is not one of this ${kindOf(scope)}. The cursor belongs to another one, or the change was lost in a restore.`;
  }

  /** Where a stream goes on that can't be complete, and what says so. The database may be another by now. */
  async #restart(scope: Scope, cause: string): Promise<{ readonly gap: Gap; readonly place: Position }> {
    this.#databaseId = await readDatabaseId(this.#db);
    const place = await headOf(this.#db, scope);
    return { gap: { gap: true, cause, resumeAt: cursorAt(kindOf(scope), place, this.#databaseId) }, place };
  }
}

/** Of a stream that runs: its place was one of this history. */
const RESTORED = "The last change of the stream is not in this database. It was lost in a restore.";

function kindOf(scope: Scope): "collection" | "project" {
  return scope.kind === "project" ? "project" : "collection";
}
