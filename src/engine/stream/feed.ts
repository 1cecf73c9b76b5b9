import type { DataSource } from "typeorm";
import type { Scope } from "./scope.js";
import { CHANGE_COLUMNS, STANDS_IN_COLLECTION, STANDS_IN_PROJECT, type ChangeRow } from "./history.js";
import type { Position } from "./position.js";
import type { Subscription } from "./subscription.js";

/** What the reader of a process follows: one collection, or one project. All scopes within a collection share its feed. */
export interface Feed {
  readonly kind: "collection" | "project";
  readonly id: string;
  /** How far the reader is; null while nobody has to be told by it. */
  place: Position | null;
  readonly subscriptions: Set<Subscription>;
  /** Called after each commit that may concern the feed. */
  readonly wakers: Set<() => void>;
}

/** The feeds that somebody watches, by key; those that nobody watches any more are forgotten. */
export class Feeds {
  readonly #byKey = new Map<string, Feed>();

  [Symbol.iterator](): IterableIterator<Feed> {
    return this.#byKey.values();
  }

  /** The feed of a scope, made where nobody has watched it before. */
  of(scope: Scope): Feed {
    return scope.kind === "project"
      ? this.#named("project", scope.projectId)
      : this.#named("collection", scope.collectionId);
  }

  get(kind: Feed["kind"], id: string): Feed | undefined {
    return this.#byKey.get(`${kind} ${id}`);
  }

  forgetUnwatched(feed: Feed): void {
    if (feed.subscriptions.size + feed.wakers.size === 0) this.#byKey.delete(`${feed.kind} ${feed.id}`);
  }

  #named(kind: Feed["kind"], id: string): Feed {
    const known = this.get(kind, id);
    if (known) return known;
    const feed: Feed = { kind, id, place: null, subscriptions: new Set(), wakers: new Set() };
    this.#byKey.set(`${kind} ${id}`, feed);
    return feed;
  }
}

export type FeedRow = ChangeRow & { readonly feed: Feed["kind"] };

/**
 * The next changes of all the feeds behind their places, at most `limit` of each, in one statement; none of a feed whose
 * place is no longer one of this history.
 */
export function readFeeds(db: DataSource, feeds: readonly Feed[], limit: number): Promise<FeedRow[]> {
  return db.query(
    `select 'collection' as feed, c.* from ${PLACES_IN_COLLECTIONS}
     cross join lateral (
       select ${CHANGE_COLUMNS} from headway.status_change s
       where s.collection_id = w.id and s.position > w.position order by s.position limit ${limit}
     ) c where ${STANDS_IN_COLLECTION}
     union all
     select 'project', c.* from ${PLACES_IN_PROJECTS}
     cross join lateral (
       select ${CHANGE_COLUMNS} from headway.status_change s
       where s.project_id = w.id and (s.tx, s.position) > (w.tx, w.position)
         -- Below the oldest transaction still open nothing can come late.
         and s.tx < pg_snapshot_xmin(pg_current_snapshot())
       order by s.tx, s.position limit ${limit}
     ) c where ${STANDS_IN_PROJECT}`,
    placesOf(feeds),
  );
}

/** Those of the feeds whose places are no longer of this history, as after a restore. */
export async function lostFeeds(db: DataSource, feeds: readonly Feed[]): Promise<Feed[]> {
  const rows: { kind: Feed["kind"]; id: string }[] = await db.query(
    `select 'collection' as kind, w.id from ${PLACES_IN_COLLECTIONS} where not ${STANDS_IN_COLLECTION}
     union all
     select 'project', w.id from ${PLACES_IN_PROJECTS} where not ${STANDS_IN_PROJECT}`,
    placesOf(feeds),
  );
  return feeds.filter((feed) => rows.some(({ kind, id }) => feed.kind === kind && feed.id === id));
}

/** What placesOf gives, as rows. */
const PLACES_IN_COLLECTIONS = "unnest($1::uuid[], $2::bigint[], $3::text[]) as w(id, position, change)";
const PLACES_IN_PROJECTS = "unnest($4::uuid[], $5::xid8[], $6::bigint[], $7::text[]) as w(id, tx, position, change)";

function placesOf(feeds: readonly Feed[]): unknown[] {
  const [collections, projects] = [feeds.filter(isCollection), feeds.filter((feed) => !isCollection(feed))];
  return [
    collections.map(({ id }) => id),
    collections.map(({ place }) => place!.position),
    collections.map(({ place }) => place!.change),
    projects.map(({ id }) => id),
    projects.map(({ place }) => place!.tx ?? "0"),
    projects.map(({ place }) => place!.position),
    projects.map(({ place }) => place!.change),
  ];
}

/** Whether there are changes of the projects behind their places that can't be handed out yet, or have just come. */
export async function isMoreToCome(db: DataSource, feeds: readonly Feed[]): Promise<boolean> {
  const projects = feeds.filter((feed) => !isCollection(feed));
  if (projects.length === 0) return false;
  const rows: { more: boolean }[] = await db.query(
    `select exists (
       select from unnest($1::uuid[], $2::xid8[], $3::bigint[]) as w(id, tx, position)
       cross join lateral (
         select from headway.status_change s where s.project_id = w.id and (s.tx, s.position) > (w.tx, w.position)
         -- In order, or the planner hopes to meet one soon and reads the whole history: 3 s of 6 million rows.
         order by s.tx, s.position limit 1
       ) c
     ) as more`,
    [
      projects.map(({ id }) => id),
      projects.map(({ place }) => place!.tx ?? "0"),
      projects.map(({ place }) => place!.position),
    ],
  );
  return rows[0]!.more;
}

function isCollection({ kind }: Feed): boolean {
  return kind === "collection";
}
