import { toStorableText } from "../engine/storable.js";
import { HeadwayError, PermanentError, RetryLater, messageOf } from "../errors.js";
import type { Cause } from "../lifecycle/reasons.js";

/** Why a running stage is to stop. "not recorded": a stage before could not be. */
export type StopReason =
  "cancelled" | "lease lost" | "shutting down" | "timed out" | "not recorded" | "an error escaped";

export class Stopped extends HeadwayError {
  constructor(readonly reason: StopReason) {
    super("STOPPED", `The stage was stopped: ${reason}.`);
  }
}

/** What ended a passage through a stage, as it is recorded. */
export interface StageEnding {
  readonly cause: Cause;
  readonly code?: string;
  readonly message?: string;
  /** Of what the handler itself threw, whole: what is to be hidden in it is hidden before it is cut. */
  readonly stack?: string;
  /** Of RETRY_LATER: how long the handler asked to be put off. */
  readonly laterMs?: number;
}

const MAX_STACK_LENGTH = 8_000;
const MAX_CAUSES = 5;

/** By the kind of what was thrown: the handler's own error, its deadline, or what its signal said. */
export function endingOf(error: unknown): StageEnding {
  if (error instanceof Stopped) {
    return error.reason === "timed out"
      ? { cause: "TIMED_OUT", message: "The stage did not end within its timeoutMs." }
      : { cause: "INTERRUPTED" };
  }
  const message = messageOf(error);
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (error instanceof HeadwayError) {
    if (code === "OUTPUT_REJECTED" || code === "OUTPUT_UNSTORABLE" || code === "RESOURCE_LIMIT")
      return { cause: code, message };
    if (code === "CRASHED") return { cause: "CHILD_DIED", message };
  }
  // By name as well: a pipeline's own copy of the class is another class.
  if (error instanceof RetryLater || (error instanceof Error && error.name === "RetryLater")) {
    const { delayMs } = error as { delayMs?: unknown };
    if (typeof delayMs === "number" && delayMs >= 0) return { cause: "RETRY_LATER", message, laterMs: delayMs };
  }
  const stack = stackOf(error);
  // By name as well: a pipeline's own copy of the class is another class.
  if (error instanceof PermanentError || (error instanceof Error && error.name === "PermanentError")) {
    return { cause: "PERMANENT_ERROR", code: isCode(code) ? code : "PERMANENT_ERROR", message, stack };
  }
  return { cause: "HANDLER_THREW", message, stack, ...(isCode(code) ? { code } : {}) };
}

/** The stacks of an error and of its causes, whole; undefined where nothing has one. */
export function stackOf(error: unknown): string | undefined {
  const stacks: string[] = [];
  for (let one = error; one instanceof Error && stacks.length < MAX_CAUSES; one = one.cause) {
    stacks.push(textOf(one));
  }
  const text = stacks.join("\ncaused by ");
  return text === "" ? undefined : text;
}

/** A stack as it is kept and shown: storable, at most 8,000 characters. Hide in it first what is to be hidden. */
export function cutStack(stack: string): string {
  return toStorableText(stack.slice(0, MAX_STACK_LENGTH));
}

/** A stack may be a getter that throws, or anything at all. */
function textOf(error: Error): string {
  try {
    return String(error.stack ?? error.message);
  } catch {
    return messageOf(error);
  }
}

/** An error's own code, such as a pipeline gives it; not a system error's number. */
function isCode(code: unknown): code is string {
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{0,99}$/.test(code);
}
