/** What can go wrong, for the API (`code`), for people (`message`: what is wrong and what to do) and for machines (`details`). */
export class HeadwayError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An expected failure of a mutation: it becomes an entry of `userErrors`, and nothing has been changed. */
export class UserFault extends HeadwayError {
  constructor(
    code: UserErrorCode,
    message: string,
    readonly path: readonly string[] = [],
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(code, message, details);
  }
}

/** All that is wrong with one input, in its order; as an error it is the first of them. */
export class UserFaults extends UserFault {
  /** @param all at least one */
  constructor(readonly all: readonly UserFault[]) {
    const { code, message, path, details } = all[0]!;
    super(code as UserErrorCode, message, path, details);
  }
}

export const USER_ERROR_CODES = [
  "NOT_FOUND",
  "NAME_TAKEN",
  "INVALID_INPUT",
  "UNKNOWN_PIPELINE",
  "INVALID_OPTIONS",
  "NO_DOCUMENTS",
  "ACTIVE_JOB_EXISTS",
  "COLLECTION_EXPIRED",
  "NOT_RETRYABLE",
  "NOT_CANCELLABLE",
  "IDEMPOTENCY_CONFLICT",
  "UPLOAD_INCOMPLETE",
  "TOO_LARGE",
  "URI_REFUSED",
  "LIMIT_EXCEEDED",
] as const;
export type UserErrorCode = (typeof USER_ERROR_CODES)[number];

/** A request that can't be read as meant: an id that is no uuid, a cursor of the wrong kind. A top-level GraphQL error. */
export class BadInput extends HeadwayError {
  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super("BAD_USER_INPUT", message, details);
  }
}

/**
 * Error that a stage throws to fail its task at once, without another attempt. `code` becomes `TaskError.code`: upper-case
 * letters, digits and underscores, a letter first, at most 100 characters; any other becomes PERMANENT_ERROR. `message` says
 * what is wrong and what to do; it is cut to 4,000 characters. `details` are not stored. A class of another package with this
 * name has the same effect.
 */
export class PermanentError extends HeadwayError {}

/**
 * Error that a stage throws to run again after `delayMs` milliseconds; less than 1,000 counts as 1,000, and more than
 * 2,147,483,647 as that. It does not count as an attempt. `why` is shown while the task waits; it then holds no slot and no
 * lease. The stage's `retryLaterForMs` limits the total time.
 * @throws {TypeError} if delayMs is not a number from 0
 */
export class RetryLater extends HeadwayError {
  /** Delay before the stage runs again, in milliseconds. */
  readonly delayMs: number;

  constructor(delayMs: number, why: string) {
    if (!(delayMs >= 0 && delayMs < Infinity)) {
      throw new TypeError(`RetryLater was given ${String(delayMs)}; it must be a number of milliseconds from 0.`);
    }
    super("RETRY_LATER", why, { delayMs });
    this.delayMs = delayMs;
  }
}

/** Rejected: the key is missing or invalid (UNAUTHENTICATED), or its role or scope is not enough (FORBIDDEN). A top-level GraphQL error. */
export class AccessDenied extends HeadwayError {
  constructor(code: "UNAUTHENTICATED" | "FORBIDDEN", message: string) {
    super(code, message);
  }
}

/** Refused because its key asked too often; `details.retryAfterMs` says when it may again. A top-level GraphQL error. */
export class RateLimited extends HeadwayError {
  constructor(readonly retryAfterMs: number) {
    super("RATE_LIMITED", `This key exceeds its rate limit; try again in ${retryAfterMs} ms.`, { retryAfterMs });
  }
}

/** Refused for the moment, because what it needs is in use by others; nothing was done. A top-level GraphQL error. */
export class ServiceBusy extends HeadwayError {
  constructor(
    message: string,
    options?: { cause?: unknown },
    readonly retryAfterMs = 1_000,
  ) {
    super("SERVICE_BUSY", message, { retryAfterMs }, options);
  }
}

/** A request whose answer would cost too much; the message says what to ask for instead. A top-level GraphQL error. */
export class AskedTooMuch extends HeadwayError {
  constructor(
    code: "QUERY_TIMED_OUT" | "RESPONSE_TOO_LARGE",
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(code, message, details, options);
  }
}

/** A wrong setting, or several: each named with its value, what it must be, and why. */
export class ConfigError extends HeadwayError {
  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super("CONFIG_INVALID", message, details);
  }
}

/** The message of whatever was thrown, whether or not it is an Error. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return "A value was thrown that has no string form.";
  }
}
