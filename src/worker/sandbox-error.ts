import { HeadwayError, PermanentError, RetryLater } from "../errors.js";
import { stackOf } from "./ending.js";

/** An error as it crosses between processes. */
export interface PlainError {
  /** What it is made into again: classes don't cross. */
  readonly kind: "permanent" | "later" | "headway" | "other";
  readonly name: string;
  readonly message: string;
  readonly code: unknown;
  readonly details: Readonly<Record<string, unknown>>;
  /** Of one that asks to be tried later. */
  readonly delayMs: number | null;
  /** With those of its causes. */
  readonly stack: string | undefined;
}

export function toPlainError(thrown: unknown): PlainError {
  if (!(thrown instanceof Error)) {
    return {
      kind: "other",
      name: "Error",
      message: String(thrown),
      code: undefined,
      details: {},
      delayMs: null,
      stack: undefined,
    };
  }
  const { name, message } = thrown;
  const { code, details } = thrown as { code?: unknown; details?: unknown };
  // By name as well: a pipeline's own copy of the class is another class.
  const isPermanent = thrown instanceof PermanentError || name === "PermanentError";
  const { delayMs } = thrown as { delayMs?: unknown };
  const isLater = name === "RetryLater" && typeof delayMs === "number";
  const kind = isPermanent ? "permanent" : isLater ? "later" : thrown instanceof HeadwayError ? "headway" : "other";
  const plainCode = typeof code === "string" || typeof code === "number" ? code : undefined;
  return {
    kind,
    name,
    message,
    code: plainCode,
    details: plainObject(details),
    delayMs: isLater ? delayMs : null,
    stack: stackOf(thrown),
  };
}

export function fromPlainError({ kind, name, message, code, details, delayMs, stack }: PlainError): Error {
  const textCode = typeof code === "string" ? code : "HANDLER_ERROR";
  const error =
    kind === "permanent"
      ? new PermanentError(typeof code === "string" ? code : "PERMANENT_ERROR", message, details)
      : kind === "later"
        ? new RetryLater(delayMs ?? 0, message)
        : kind === "headway"
          ? new HeadwayError(textCode, message, details)
          : new Error(message);
  if (stack !== undefined) error.stack = stack;
  if (kind === "other") {
    error.name = name;
    if (code !== undefined) Object.assign(error, { code });
    if (Object.keys(details).length > 0) Object.assign(error, { details });
  }
  return error;
}

/** What of a value can cross to another process: its JSON. Empty where it has none. */
export function plainObject(value: unknown): Record<string, unknown> {
  try {
    const plain: unknown = JSON.parse(JSON.stringify(value ?? {}));
    return typeof plain === "object" && plain !== null && !Array.isArray(plain)
      ? (plain as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}
