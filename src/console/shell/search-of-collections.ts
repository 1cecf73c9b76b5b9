import type { CollectionStatus, NamedEntityType } from "../generated/operations.js";
import { compact, dayIn, textIn, textsIn, wordsOf, type Given } from "./search.js";

/** Which collections are listed. */
export interface CollectionsSearch {
  readonly status?: readonly CollectionStatus[];
  /** A part of the name. */
  readonly name?: string;
  /** Days, such as 2026-03-01, in the reader's time zone; both inclusive. */
  readonly from?: string;
  readonly to?: string;
  /** The page: what lies behind one cursor, or before another. */
  readonly after?: string;
  readonly before?: string;
}

export const COLLECTION_TABS = ["documents", "search", "entities", "jobs", "about"] as const;
export type CollectionTab = (typeof COLLECTION_TABS)[number];

/** What of a collection is shown. */
export interface CollectionSearch {
  readonly tab?: CollectionTab;
  /** Of the documents: a part of the name, their media types, and the page. */
  readonly name?: string;
  readonly type?: readonly string[];
  readonly after?: string;
  /** What is searched for in the texts. */
  readonly query?: string;
  /** Which entities are shown, and the one that is looked at. */
  readonly kind?: readonly NamedEntityType[];
  readonly entity?: string;
}

export function collectionsSearch(given: Given): CollectionsSearch {
  return compact({
    status: wordsOf<CollectionStatus>("CollectionStatus", given.status),
    name: textIn(given.name),
    from: dayIn(given.from),
    to: dayIn(given.to),
    after: textIn(given.after),
    before: textIn(given.before),
  });
}

export function collectionSearch(given: Given): CollectionSearch {
  return compact({
    tab: COLLECTION_TABS.find((word) => word === given.tab),
    name: textIn(given.name),
    type: textsIn(given.type),
    after: textIn(given.after),
    query: textIn(given.query),
    kind: wordsOf<NamedEntityType>("NamedEntityType", given.kind),
    entity: textIn(given.entity),
  });
}
