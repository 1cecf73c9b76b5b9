/** Every entity, for the data source. */
export const ENTITIES: readonly (abstract new (...args: never[]) => unknown)[] = [];
