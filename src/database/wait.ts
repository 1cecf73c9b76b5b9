import pRetry from "p-retry";
import pg from "pg";
import { messagesOf, unreachable, type DatabaseSetting } from "./unreachable.js";

/** What passes by itself: nobody listens yet, the name is not known yet, the server starts, stops or recovers. */
const PASSING = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "57P03",
  "57P01",
  "53300",
]);
/** Of node-postgres; and of PgBouncer, while the server behind it is away. */
const PASSING_MESSAGE = /timeout expired|terminated|cannot connect to server|server login/i;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Resolves once the database takes connections, asking again for at most waitMs; `onWait` is told once why it has to wait.
 * @throws {HeadwayError} DATABASE_UNREACHABLE at the end of it, and at once on what waiting does not mend, such as a
 * wrong password
 */
export async function waitForDatabase(
  { setting, url }: { readonly setting: DatabaseSetting; readonly url: string },
  waitMs: number,
  onWait: (why: string) => void,
): Promise<void> {
  const startedAt = performance.now();
  try {
    await pRetry(() => connectOnce(url), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: 200,
      factor: 1.5,
      maxTimeout: 2_000,
      maxRetryTime: waitMs,
      shouldRetry: ({ error }) => isPassing(error) && performance.now() - startedAt < waitMs,
      onFailedAttempt: ({ error, attemptNumber }) => {
        if (attemptNumber === 1 && isPassing(error)) onWait(messagesOf(error).join("; "));
      },
    });
  } catch (error) {
    throw unreachable(setting, url, error, isPassing(error) ? waitMs : 0);
  }
}

async function connectOnce(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  try {
    await client.connect();
  } finally {
    await client.end().catch(() => undefined); // One that never connected has nothing to end.
  }
}

function isPassing(error: unknown): boolean {
  const { code, message, errors } = error as { code?: unknown; message?: unknown; errors?: unknown };
  if (Array.isArray(errors)) return errors.some(isPassing);
  return (typeof code === "string" && PASSING.has(code)) || PASSING_MESSAGE.test(String(message));
}
