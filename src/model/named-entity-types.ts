/** What a named entity is. */
export const NAMED_ENTITY_TYPES = ["PERSON", "PLACE", "ORGANIZATION"] as const;
export type NamedEntityType = (typeof NAMED_ENTITY_TYPES)[number];
