import type { UserErrorCode } from "./operations.js";

/** Fault of an input, from the `userErrors` of a mutation. */
export interface UserErrorInfo {
  readonly code: UserErrorCode;
  readonly message: string;
  /** Path to the faulty argument, beginning with `input`. */
  readonly path?: readonly string[] | null;
}

/**
 * Error code. UNREACHABLE: no server answers, or the connection broke. NOT_HEADWAY: the server is not Headway. CLOSED: this
 * client is closed. Other codes come from the server, such as QUERY_TIMED_OUT.
 */
export type ClientErrorCode =
  | UserErrorCode
  | "UNREACHABLE"
  | "NOT_HEADWAY"
  | "CLOSED"
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "BAD_USER_INPUT"
  | "RATE_LIMITED"
  | "SERVICE_BUSY"
  | "INTERNAL"
  | (string & {});

/** Error thrown by this client. The reason of an aborted signal is thrown unchanged instead. */
export class ClientError extends Error {
  override readonly name: string = "ClientError";

  constructor(
    readonly code: ClientErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** A rejected mutation, with every fault of its input. */
export class UserErrors extends ClientError {
  override readonly name = "UserErrors";

  /** @param userErrors at least one; as an error it is the first of them */
  constructor(readonly userErrors: readonly UserErrorInfo[]) {
    super(userErrors[0]!.code, userErrors[0]!.message);
  }
}

/** Codes of what may be otherwise at the next try. */
const PASSING: readonly string[] = ["UNREACHABLE", "INTERNAL", "RATE_LIMITED", "SERVICE_BUSY"];

/** Whether the same may well be done at the next try: the connection broke, or the server had no time. */
export function isPassing(error: unknown): boolean {
  return error instanceof ClientError && PASSING.includes(error.code);
}

/** An error of GraphQL, as it stands in an answer. */
export interface GraphFault {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: unknown; readonly retryAfterMs?: number };
}

/** A socket refuses an operation with a list of errors, which is no Error. @throws {ClientError} the first of them */
export async function refusedInWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (Array.isArray(error)) throw faultOf(error[0] as GraphFault, error);
    throw error;
  }
}

export function faultOf({ message, extensions }: GraphFault, cause?: unknown): ClientError {
  return new ClientError(typeof extensions?.code === "string" ? extensions.code : "GRAPHQL_ERROR", message, { cause });
}
