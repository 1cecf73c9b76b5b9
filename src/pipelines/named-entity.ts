import type { NamedEntityType } from "../model/named-entity-types.js";

/** Somebody or something that the documents of a collection name. */
export interface EntityDraft {
  /** 1 to 200 characters; unique in its set. */
  readonly name: string;
  readonly type: NamedEntityType;
  /** How often it is named in all. */
  readonly mentions: number;
  /** In how many documents. */
  readonly documentCount: number;
  /** Those that name it most; documents of the collection. */
  readonly documents: readonly { readonly documentId: string; readonly mentions: number }[];
  /** By name: others of the same set that are named close by, and how often. */
  readonly related: readonly { readonly name: string; readonly together: number }[];
}

/** The entities of a collection, and how to replace them. */
export interface StagedEntities {
  /**
   * Replaces all entities of the collection, most important first, at most 5,000. They count when the task completes;
   * until then readers see the old ones.
   * @throws {PermanentError} OUTPUT_UNSTORABLE, with what is wrong of which
   */
  replace(entities: Iterable<EntityDraft> | AsyncIterable<EntityDraft>): Promise<void>;
}
