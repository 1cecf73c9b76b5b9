import type { Readable } from "node:stream";

/** What is known of a stored blob. */
export interface BlobFacts {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * Keeps bytes under keys that Headway makes (letters, digits, `-`, `_`, `.` and `/`, no `..`).
 * A blob is whole or absent: a write that fails or dies leaves nothing under its key.
 */
export interface BlobStore {
  /**
   * Streams `source` under `key`, hashing as it goes; replaces what was there.
   * @throws {PermanentError} TOO_LARGE once more than maxBytes have come; nothing is kept
   * @throws {HeadwayError} STORE_FULL where there is no room for it; nothing is kept
   */
  write(key: string, source: Readable | Uint8Array, options?: { readonly maxBytes?: number }): Promise<BlobFacts>;
  /** Bytes start to end (inclusive, as in HTTP ranges), or all. @throws {HeadwayError} BLOB_MISSING */
  read(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable>;
  /** Null where there is none. */
  size(key: string): Promise<number | null>;
  /** No error where there is none. */
  remove(key: string): Promise<void>;
  /** Removes every blob whose key is `prefix` followed by "/" and more. No error where there is none. */
  removeBelow(prefix: string): Promise<void>;
  /**
   * Removes what writers that died before their end left behind, once it has not grown for so long that nobody can
   * still be at it. Safe beside other processes. Returns how many there were.
   */
  removeAbandoned(): Promise<number>;
}
