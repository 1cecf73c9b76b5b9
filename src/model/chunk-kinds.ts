/** What a chunk is made of; TEXT where it is mixed. */
export const CHUNK_KINDS = ["TEXT", "TABLE", "CODE", "LIST"] as const;
export type ChunkKind = (typeof CHUNK_KINDS)[number];
