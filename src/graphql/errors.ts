import { randomUUID } from "node:crypto";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { busyOf } from "../database/busy.js";
import { QUERY_CANCELED, sqlStateOf } from "../database/transaction.js";
import {
  AccessDenied,
  AskedTooMuch,
  BadInput,
  RateLimited,
  UserFault,
  UserFaults,
  type UserErrorCode,
} from "../errors.js";

/** An expected failure, as data. */
export interface UserErrorData {
  readonly code: UserErrorCode;
  readonly message: string;
  readonly path: readonly string[] | null;
}

/** User errors of one payload; of more it is only told how many. */
const MAX_USER_ERRORS = 100;

/**
 * Runs a mutation's verb: what it returns is the payload; what it refuses are user errors, with `empty` beside them.
 * Their paths begin with the argument. Everything else goes on as it was thrown. What a payload shows of what was done is
 * best a getter: once it is done, a fault of showing it is that field's alone.
 */
export async function payload(
  empty: object,
  verb: () => Promise<object>,
  onFault: (fault: UserFault) => Promise<object> = async () => ({}),
): Promise<{ readonly userErrors: readonly UserErrorData[] }> {
  try {
    // With its getters: they load what is shown of what was done, each failing by itself.
    const done = Object.getOwnPropertyDescriptors(await verb());
    return Object.defineProperties({ userErrors: [] }, done);
  } catch (error) {
    if (!(error instanceof UserFault)) throw error;
    return { ...empty, ...(await onFault(error)), userErrors: userErrorsOf(error) };
  }
}

function userErrorsOf(fault: UserFault): UserErrorData[] {
  const all = fault instanceof UserFaults ? fault.all : [fault];
  const shown = all.slice(0, MAX_USER_ERRORS).map(({ code, message, path }) => ({
    code: code as UserErrorCode,
    message,
    path: ["input", ...path],
  }));
  const rest = all.length - shown.length;
  if (rest === 0) return shown;
  const message = `The input has ${rest} more ${rest === 1 ? "fault that is" : "faults that are"} not listed here; fix these first.`;
  return [...shown, { code: "INVALID_INPUT", message, path: ["input"] }];
}

/** What Postgres says to a NUL in a text: the one character that its texts don't have. */
const CHARACTER_NOT_IN_REPERTOIRE = "22021";

/** GraphQL's own complaints about a request; their codes come from Apollo over HTTP, and are given here for sockets. */
const REQUEST_CODES = new Set([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_USER_INPUT",
  "BAD_REQUEST",
  "OPERATION_RESOLUTION_FAILURE",
  "PERSISTED_QUERY_NOT_SUPPORTED",
  // Ours, of one socket and of one key.
  "TOO_MANY_OPERATIONS",
  "TOO_MANY_SOCKETS",
]);

/**
 * The error as clients see it, over both transports: a code, a message that helps, and never a stack trace. What
 * nobody expected is logged under an id, and the id is all that goes out.
 * @param onBusy is told why the database could not answer: the client is told only that it could not
 */
export function formatError(
  error: GraphQLError,
  logger: { error(fields: object, message: string): void },
  onBusy: (cause: unknown) => void,
): GraphQLFormattedError {
  const { message, locations, path, originalError, extensions } = error;
  const where = { ...(locations ? { locations } : {}), ...(path ? { path } : {}) };
  const cause = rootOf(originalError);
  if (cause instanceof BadInput) return { message: cause.message, ...where, extensions: { code: "BAD_USER_INPUT" } };
  if (cause instanceof AccessDenied) return { message: cause.message, ...where, extensions: { code: cause.code } };
  if (cause instanceof AskedTooMuch) {
    const carriedOut = cause.details.carriedOut as readonly string[] | undefined;
    const done = carriedOut?.length ? { carriedOut: [...carriedOut] } : {};
    return { message: cause.message, ...where, extensions: { code: cause.code, ...done } };
  }
  if (cause instanceof RateLimited) {
    const { code, retryAfterMs } = cause;
    return { message: cause.message, ...where, extensions: { code, retryAfterMs } };
  }
  if (sqlStateOf(cause) === CHARACTER_NOT_IN_REPERTOIRE) {
    // The statement was refused whole, and its transaction with it.
    const message = "A text in the request holds the character U+0000, which cannot be stored; remove it.";
    return { message, ...where, extensions: { code: "BAD_USER_INPUT" } };
  }
  const busy = busyOf(cause);
  if (busy) {
    onBusy(cause);
    const { message, ...later } = busy;
    return { message, ...where, extensions: { code: "SERVICE_BUSY", ...later } };
  }
  if (sqlStateOf(cause) === QUERY_CANCELED) {
    const message =
      "This took the database too long; ask for less at once, such as smaller pages or a narrower filter.";
    return { message, ...where, extensions: { code: "QUERY_TIMED_OUT" } };
  }
  const code = typeof extensions.code === "string" ? extensions.code : undefined;
  if (code !== undefined && REQUEST_CODES.has(code)) {
    const { cost } = extensions; // Of what asks for too much.
    return { message, ...where, extensions: { code, ...(cost ? { cost } : {}) } };
  }
  if (!originalError && code === undefined) {
    return { message, ...where, extensions: { code: path ? "BAD_USER_INPUT" : "GRAPHQL_VALIDATION_FAILED" } };
  }
  const id = randomUUID();
  logger.error({ id, path, error: cause?.stack ?? message }, "internal error");
  return { message: `Internal error ${id}`, ...where, extensions: { code: "INTERNAL" } };
}

/** The error under graphql's own wrappings. */
function rootOf(error: Error | null | undefined): Error | null {
  let root = error ?? null;
  while (root instanceof GraphQLError && root.originalError) root = root.originalError;
  return root;
}
