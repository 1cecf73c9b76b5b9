/** Kinds of content of a chunk; TEXT if it is mixed. */
export const CHUNK_KINDS = ["TEXT", "TABLE", "CODE", "LIST"] as const;
/** Kind of content of a chunk. */
export type ChunkKind = (typeof CHUNK_KINDS)[number];
