import { createHash, randomBytes } from "node:crypto";
import type { DataSource } from "typeorm";
import { createKey, GOOD, type KeyGrant } from "./keys.js";
import { DEFAULT_PROJECT_ID } from "./projects.js";

/** Who a code signs in: what its session's key may do. */
export interface SignInGrant extends Pick<KeyGrant, "projectId" | "role" | "createdBy"> {
  /** Of the key that asked for the link: without it there is no session, and none that outlives it. */
  readonly keyId: string | null;
}

/** Whoever starts an embedded server may do with it what its development key may. */
export const OWNER: SignInGrant = {
  projectId: DEFAULT_PROJECT_ID,
  role: "ADMIN",
  createdBy: "headway start",
  keyId: null,
};

const CODE_BYTES = 32;
const CODE_LIFE_MS = 10 * 60_000;
const SESSION_LIFE_MS = 12 * 3_600_000;
/** Links that nobody has opened; of more the oldest is dropped. */
const MAX_CODES = 100;

interface Waiting {
  readonly grant: SignInGrant;
  /** As performance.now(). */
  readonly endsAt: number;
}

/**
 * Codes for links that sign a browser in without a key in sight: each is good once, for ten minutes, and only in the
 * process that made it. What it is exchanged for is a key of its own, for twelve hours.
 */
export class SignIn {
  readonly #db: Pick<DataSource, "query">;
  readonly #now: () => number;
  /** By the code's hash: what is kept here signs nobody in. */
  readonly #waiting = new Map<string, Waiting>();

  /** @param now milliseconds of a clock that never jumps */
  constructor(db: Pick<DataSource, "query">, now: () => number = () => performance.now()) {
    this.#db = db;
    this.#now = now;
  }

  /** A code of 256 random bits, fit for a URL. */
  makeCode(grant: SignInGrant): string {
    const code = randomBytes(CODE_BYTES).toString("base64url");
    if (this.#waiting.size >= MAX_CODES) this.#waiting.delete(this.#waiting.keys().next().value!);
    this.#waiting.set(hashOf(code), { grant, endsAt: this.#now() + CODE_LIFE_MS });
    return code;
  }

  /** The session's key; null when the code is none, has been used, or is over, or the key behind it is. */
  async exchange(code: string): Promise<{ readonly key: string; readonly expiresAt: Date } | null> {
    const hash = hashOf(code);
    const waiting = this.#waiting.get(hash);
    this.#waiting.delete(hash);
    if (waiting === undefined || this.#now() >= waiting.endsAt) return null;
    const { keyId, ...grant } = waiting.grant;
    if (keyId !== null && !(await this.#isGood(keyId))) return null;
    const behind = keyId === null ? {} : { madeBy: keyId };
    const session = { ...grant, ...behind, name: "console", lifeMs: SESSION_LIFE_MS, scope: null };
    const { key, expiresAt } = await createKey(this.#db, session);
    return { key, expiresAt: expiresAt! };
  }

  async #isGood(keyId: string): Promise<boolean> {
    const rows: unknown[] = await this.#db.query(`select from headway.api_key k where k.id = $1 and ${GOOD}`, [keyId]);
    return rows.length > 0;
  }
}

function hashOf(code: string): string {
  return createHash("sha256").update(code).digest("base64url");
}
