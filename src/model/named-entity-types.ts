/** Kinds of named entities. */
export const NAMED_ENTITY_TYPES = ["PERSON", "PLACE", "ORGANIZATION"] as const;
/** Kind of a named entity. */
export type NamedEntityType = (typeof NAMED_ENTITY_TYPES)[number];
