import type { NamedEntityType } from "../model/named-entity-types.js";

/** Person, place or organization named in the documents of a collection. */
export interface EntityDraft {
  /** Name, 1 to 200 characters; unique in its set. */
  readonly name: string;
  /** Kind of entity: PERSON, PLACE or ORGANIZATION. */
  readonly type: NamedEntityType;
  /** Number of mentions in all documents, from 1. */
  readonly mentions: number;
  /** Number of documents that mention it, from 1. */
  readonly documentCount: number;
  /** Documents that mention it most, with the number of mentions in each. The first 100 are kept. */
  readonly documents: readonly { readonly documentId: string; readonly mentions: number }[];
  /** Other entities of the set, by name, mentioned close to this one, and how often. The first 50 are kept. */
  readonly related: readonly { readonly name: string; readonly together: number }[];
}

/** Named entities of a collection, to be replaced. */
export interface StagedEntities {
  /**
   * Replaces all entities of the collection, most important first, at most 5,000, when the task completes. Until then,
   * readers see the old ones.
   * @throws {PermanentError} OUTPUT_UNSTORABLE, with the reason and the entity
   */
  replace(entities: Iterable<EntityDraft> | AsyncIterable<EntityDraft>): Promise<void>;
}
