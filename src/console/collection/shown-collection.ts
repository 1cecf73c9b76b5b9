import type { CollectionPageQuery } from "../generated/operations.js";

/** The collection that a screen is about, as the API tells it. */
export type ShownCollection = NonNullable<CollectionPageQuery["collection"]>;
