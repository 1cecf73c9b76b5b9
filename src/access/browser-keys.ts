import { counted } from "../counted.js";
import type { DataSource, EntityManager } from "typeorm";
import { inTransaction } from "../database/transaction.js";
import { UserFault } from "../errors.js";
import { createKey, type KeyGrant, type KeyScope } from "./keys.js";

/** Keys for browsers of one maker that are valid at the same time. */
export const MAX_LIVE_BROWSER_KEYS = 10_000;
/** What a key with UPLOAD may send, where its maker does not say. */
export const DEFAULT_MAX_FILES = 1_000;
export const DEFAULT_MAX_BYTES = 10_000_000_000;

/** What a key for a browser is good for. */
export interface BrowserKeyGrant extends KeyGrant {
  readonly scope: KeyScope;
  readonly madeBy: string;
}

/** Makes a key for a browser, unless its maker has too many of them. @throws {UserFault} LIMIT_EXCEEDED */
export function createBrowserKey(
  db: DataSource,
  grant: BrowserKeyGrant,
): Promise<{ key: string; expiresAt: Date | null }> {
  return inTransaction(db, async (tx) => {
    // The maker is held: of two that are made at once, the second is counted after the first.
    await tx.query("select from headway.api_key where id = $1 for no key update", [grant.madeBy]);
    const rows: { live: number }[] = await tx.query(
      `select count(*)::int as live from (
         select from headway.api_key where made_by = $1 and collection_id is not null
           and expires_at > clock_timestamp() and revoked_at is null limit $2) k`,
      [grant.madeBy, MAX_LIVE_BROWSER_KEYS],
    );
    if (rows[0]!.live < MAX_LIVE_BROWSER_KEYS) return createKey(tx, grant);
    throw new UserFault(
      "LIMIT_EXCEEDED",
      `This key has ${MAX_LIVE_BROWSER_KEYS} live browser keys, which is the limit; wait until some expire, or give them shorter lifetimes.`,
    );
  });
}

/** What a key for a browser is about to send. */
export interface Sending {
  readonly uploads?: number;
  readonly documents?: number;
  readonly bytes: number;
}

/**
 * Counts what a key for a browser is about to send against what it may, in the transaction that takes it.
 * @throws {UserFault} LIMIT_EXCEEDED, with what was left
 */
export async function spend(
  tx: EntityManager,
  keyId: string,
  { uploads = 0, documents = 0, bytes }: Sending,
  path: readonly string[],
): Promise<void> {
  const taken: unknown[] = await tx.query(
    `with taken as (
       update headway.api_key set uploads_used = uploads_used + $2, documents_used = documents_used + $3,
         bytes_used = bytes_used + $4
       where id = $1 and uploads_used + $2 <= max_files and documents_used + $3 <= max_files
         and bytes_used + $4 <= max_bytes returning id)
     select id from taken`,
    [keyId, uploads, documents, bytes],
  );
  if (taken.length > 0) return;
  const rows: { uploads: number; documents: number; bytes: number }[] = await tx.query(
    `select max_files - uploads_used as uploads, max_files - documents_used as documents,
       (max_bytes - bytes_used)::float8 as bytes from headway.api_key where id = $1`,
    [keyId],
  );
  const [left] = rows;
  const wanted = uploads > 0 ? counted(uploads, "upload") : counted(documents, "document");
  const may = [counted(left?.uploads ?? 0, "upload"), counted(left?.documents ?? 0, "document")].join(", ");
  throw new UserFault(
    "LIMIT_EXCEEDED",
    `This key may still send ${may} and ${counted(left?.bytes ?? 0, "byte")}; the request has ${wanted} and ${counted(bytes, "byte")}. Use another key.`,
    path,
  );
}
