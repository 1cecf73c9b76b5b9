import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { DataSource } from "typeorm";
import { v7 as uuidv7 } from "uuid";
import { QUERY_CANCELED, sqlStateOf } from "../database/transaction.js";
import { ServiceBusy } from "../errors.js";
import type { BrowserPermission, Role } from "../lifecycle/roles.js";
import { isSignatureOf, MAX_SIGNED_MINUTES, queryOf, type AddressQuery, type SignedObject } from "./signed-address.js";

/** Two processes that have read the database's clock differ by how long that took them. */
const CLOCK_SLACK_MS = 60_000;

/** What a key is good for. */
export interface KeyGrant {
  readonly projectId: string;
  /** Shown as the actor of every change made with it. */
  readonly name: string;
  readonly role: Role;
  /** Milliseconds from now; null for a key without an end. */
  readonly lifeMs: number | null;
  /** One collection, or one of its jobs; null for the whole project. */
  readonly scope: KeyScope | null;
  readonly createdBy: string;
  /** The key that it ends with, at the latest; none when absent. */
  readonly madeBy?: string;
}

/** The one collection that a key is for, or one job of it, and what it may do there. */
export interface KeyScope {
  readonly collectionId: string;
  readonly jobId: string | null;
  /** READ alone when absent. */
  readonly permissions?: readonly BrowserPermission[];
  /** Those that SUBMIT may name. */
  readonly pipelines?: readonly string[] | null;
  /** What jobs by SUBMIT have as options, whoever asks for what; as asked when null. */
  readonly options?: unknown;
  /** Uploads that UPLOAD may announce, and documents that it may add. */
  readonly maxFiles?: number | null;
  /** Of all that UPLOAD sends, together. */
  readonly maxBytes?: number | null;
}

/** A key without its secret, which nobody can read again. */
export interface KeyRow {
  readonly id: string;
  readonly projectId: string;
  readonly project: string;
  readonly name: string;
  readonly role: Role;
  readonly scope: KeyScope | null;
  /** The key that it ends with. */
  readonly madeBy: string | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

type Queryable = Pick<DataSource, "query">;

/** 256 random bits: as good as a session's secret, and no password that could be guessed. */
const SECRET_BYTES = 32;
const FORMAT = /^hw_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;

/** Makes a key. Returns its id, its end, and its text, `hw_<id>_<secret>`, which can't be read again. */
export async function createKey(
  db: Queryable,
  grant: KeyGrant,
): Promise<{ id: string; key: string; expiresAt: Date | null }> {
  const id = uuidv7();
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  const rows: { expiresAt: Date | null }[] = await db.query(
    `insert into headway.api_key (id, project_id, name, role, secret_hash, collection_id, job_id, created_by, made_by,
       permissions, pipelines, fixed_options, max_files, max_bytes, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $10, $11, $12, $13, $14, $15,
       least(clock_timestamp() + make_interval(secs => $9::float8 / 1000),
         (select expires_at from headway.api_key where id = $10)))
     returning expires_at as "expiresAt"`,
    [
      id,
      grant.projectId,
      grant.name,
      grant.role,
      hashOf(secret),
      grant.scope?.collectionId ?? null,
      grant.scope?.jobId ?? null,
      grant.createdBy,
      grant.lifeMs,
      grant.madeBy ?? null,
      grant.scope && permissionsOf(grant.scope),
      grant.scope?.pipelines ?? null,
      grant.scope?.options === undefined ? null : JSON.stringify(grant.scope.options),
      grant.scope?.maxFiles ?? null,
      grant.scope?.maxBytes ?? null,
    ],
  );
  return { id, key: `hw_${id.replaceAll("-", "")}_${secret}`, expiresAt: rows[0]!.expiresAt };
}

/** What a key of one collection or job may do there. */
export function permissionsOf({ permissions = ["READ"] }: KeyScope): readonly BrowserPermission[] {
  return permissions;
}

/** Ends a key now. False when the project has none of that id that is still good. */
export async function revokeKey(db: Queryable, projectId: string, id: string): Promise<boolean> {
  const rows: unknown[] = await db.query(
    `with gone as (
       update headway.api_key set revoked_at = clock_timestamp()
       where id = $1 and project_id = $2 and revoked_at is null returning id)
     select id from gone`,
    [id, projectId],
  );
  return rows.length > 0;
}

const KEY_COLUMNS = `k.id, k.project_id as "projectId", p.name as project, k.name, k.role,
  case when k.collection_id is not null
    then jsonb_build_object('collectionId', k.collection_id, 'jobId', k.job_id, 'permissions', k.permissions,
      'pipelines', k.pipelines, 'options', k.fixed_options, 'maxFiles', k.max_files, 'maxBytes', k.max_bytes) end as scope,
  k.made_by as "madeBy", k.created_by as "createdBy", k.created_at as "createdAt", k.expires_at as "expiresAt",
  k.last_used_at as "lastUsedAt", k.revoked_at as "revokedAt"`;

/** A project's keys, newest first, at most 1,000; those that are no longer good only when asked for. */
export function listKeys(db: Queryable, projectId: string, which: "good" | "all" = "good"): Promise<KeyRow[]> {
  return db.query(
    `select ${KEY_COLUMNS} from headway.api_key k join headway.project p on p.id = k.project_id
     where k.project_id = $1 ${which === "good" ? `and ${GOOD}` : ""}
     order by k.created_at desc, k.id desc limit 1000`,
    [projectId],
  );
}

/**
 * SQL: whether the key k is neither revoked nor over, nor its maker revoked, nor that one's: a page's key may be made by a
 * session's, and that by the key that asked for the link.
 */
export const GOOD = `k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())
  and not exists (select from headway.api_key m left join headway.api_key n on n.id = m.made_by
    where m.id = k.made_by and (m.revoked_at is not null or n.revoked_at is not null))`;

interface Known extends KeyRow {
  readonly secretHash: Buffer;
  /** What was left of its life when it was read, by the database's clock; null for a key without an end. */
  readonly leftMs: number | null;
  /** What that clock said then. */
  readonly nowMs: number;
}
interface Cached {
  readonly row: Known;
  /** Both as performance.now(): this machine's clock may be wrong, and keys live by the database's. */
  readonly readAt: number;
  readonly endsAt: number;
}

/** A key that was good is taken for good this long without asking again, so a request does not cost a statement. */
const TRUSTED_MS = 5_000;
/** How often `last_used_at` is written for a key in use. */
const USED_EVERY_MS = 60_000;
const MAX_CACHED = 10_000;

/**
 * Verifies keys, asking the database at most every `trustedMs` (default 5,000) for each: that long a revoked one may
 * live on. An expired one ends on time, whether the database can be asked or not.
 */
export class KeyRing {
  readonly #db: Queryable;
  readonly #onError: (error: unknown, doing: string) => void;
  readonly #trustedMs: number;
  readonly #cache = new Map<string, Cached>();
  readonly #reading = new Map<string, Promise<Cached | null>>();
  readonly #usedAt = new Map<string, number>();

  constructor(db: Queryable, onError: (error: unknown, doing: string) => void, trustedMs = TRUSTED_MS) {
    this.#db = db;
    this.#onError = onError;
    this.#trustedMs = trustedMs;
  }

  /** The key behind the text; null when it is none, or no longer good. */
  async verify(text: string): Promise<KeyRow | null> {
    const [, hex, secret] = FORMAT.exec(text) ?? [];
    if (hex === undefined || secret === undefined) return null;
    const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    const row = await this.#good(id);
    if (row === null || !timingSafeEqual(row.secretHash, hashOf(secret))) return null;
    this.#noteUse(id);
    return row;
  }

  /** Whether a key that was verified before is still good. */
  async isGood(id: string): Promise<boolean> {
    return (await this.#good(id)) !== null;
  }

  /**
   * The query of an address that lets whoever has it do this with the object as the key may, for `lifeMs` or until the key's
   * end; null where the key is no longer good.
   */
  async sign(keyId: string, what: SignedObject, lifeMs: number): Promise<{ query: string; expiresAt: Date } | null> {
    const cached = await this.#known(keyId);
    const row = rowOf(cached);
    if (cached === null || row === null) return null;
    const ends = row.expiresAt?.getTime() ?? Infinity;
    const expiresAtMs = Math.floor(Math.min(databaseNow(cached) + lifeMs, ends));
    const query = queryOf(row.secretHash, { keyId, projectId: row.projectId, ...what, expiresAtMs });
    return { query, expiresAt: new Date(expiresAtMs) };
  }

  /** The key that has signed this address; null when the address or the key is no longer good. */
  async verifyAddress(what: SignedObject, { keyId, expiresAtMs, signature }: AddressQuery): Promise<KeyRow | null> {
    const cached = await this.#known(keyId);
    const row = rowOf(cached);
    if (cached === null || row === null) return null;
    const leftMs = expiresAtMs - databaseNow(cached);
    if (leftMs <= 0 || leftMs > MAX_SIGNED_MINUTES * 60_000 + CLOCK_SLACK_MS) return null;
    const right = { keyId, projectId: row.projectId, ...what, expiresAtMs };
    if (!isSignatureOf(row.secretHash, right, signature)) return null;
    this.#noteUse(keyId);
    return row;
  }

  /** A key that is revoked is asked for anew at its next use. */
  forget(id: string): void {
    this.#cache.delete(id);
  }

  async #good(id: string): Promise<Known | null> {
    return rowOf(await this.#known(id));
  }

  async #known(id: string): Promise<Cached | null> {
    const cached = this.#cache.get(id);
    const now = performance.now();
    if (cached && (now >= cached.endsAt || now - cached.readAt <= this.#trustedMs)) return cached;
    // Asked for once, however many requests come with the key at this moment.
    const reading = this.#reading.get(id) ?? this.#read(id).finally(() => this.#reading.delete(id));
    this.#reading.set(id, reading);
    return reading;
  }

  async #read(id: string): Promise<Cached | null> {
    const readAt = performance.now();
    const rows: Known[] = await unlessLate(
      this.#db.query(
        `select ${KEY_COLUMNS}, k.secret_hash as "secretHash",
         (extract(epoch from k.expires_at - clock_timestamp()) * 1000)::float8 as "leftMs",
         (extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"
       from headway.api_key k join headway.project p on p.id = k.project_id where k.id = $1 and ${GOOD}`,
        [id],
      ),
    );
    const [row] = rows;
    // Ids that are none are asked for anew each time: remembering them would let anybody fill the memory.
    this.#cache.delete(id);
    if (!row) return null;
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    const cached = { row, readAt, endsAt: row.leftMs === null ? Infinity : readAt + row.leftMs };
    this.#cache.set(id, cached);
    return cached;
  }

  /** Not awaited: when a key was last used is no reason to keep its request waiting. */
  #noteUse(id: string): void {
    const now = performance.now();
    if (now - (this.#usedAt.get(id) ?? -Infinity) < USED_EVERY_MS) return;
    if (this.#usedAt.size >= MAX_CACHED) this.#usedAt.clear();
    this.#usedAt.set(id, now);
    this.#db
      .query("update headway.api_key set last_used_at = clock_timestamp() where id = $1", [id])
      .catch((error: unknown) => this.#onError(error, "noting the use of a key"));
  }
}

/** One row by its key takes no time: a statement that met its time-out says that the database can do nothing now. */
async function unlessLate<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (sqlStateOf(error) !== QUERY_CANCELED) throw error;
    throw new ServiceBusy("The database took too long to look up the key; try again later.", { cause: error });
  });
}

/** What the database's clock says now, about: it was asked when the key was read. */
function databaseNow({ row, readAt }: Cached): number {
  return row.nowMs + (performance.now() - readAt);
}

function rowOf(cached: Cached | null): Known | null {
  return cached !== null && performance.now() < cached.endsAt ? cached.row : null;
}

function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
