import { HeadwayError } from "../errors.js";

const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;
/** Keys are made of ids and short names; file systems take 255 bytes a name. */
const MAX_KEY_LENGTH = 512;

/** @throws {HeadwayError} INVALID_KEY for what no store takes: it could lie outside the store, or among what is its own */
export function assertKey(key: string): void {
  if (key.length <= MAX_KEY_LENGTH && KEY.test(key)) return;
  throw new HeadwayError(
    "INVALID_KEY",
    `${JSON.stringify(key.slice(0, 100))} is not a blob key; parts of letters, digits, "-", "_" and "." ` +
      `that don't start with a dot, separated by "/", at most ${MAX_KEY_LENGTH} characters in all.`,
  );
}

/** There is no room for what is to be kept. */
export function storeFull(cause: unknown): HeadwayError {
  const message = "The file storage is full; free space at HEADWAY_DATA_DIR or HEADWAY_BLOBS, then try again.";
  return new HeadwayError("STORE_FULL", message, {}, { cause });
}

/** There is nothing under this key. */
export function missingBlob(key: string): HeadwayError {
  return new HeadwayError("BLOB_MISSING", `There is no blob under ${key}; it may have been removed.`, { key });
}
