import { faultsOfBackoff, type Backoff } from "../lifecycle/backoff.js";
import { faultsOfLimits, type Limits } from "./limits.js";

/** What a document's task has staged by the end of a stage; zeros for collection tasks. */
export interface StagedCounts {
  readonly chunks: number;
  /** Of them those with a vector. */
  readonly embedded: number;
}

/** How a stage is run, besides `when` and its handler. */
export interface StageSettings<Output = any> extends Limits {
  /** After this long the stage is stopped and counts as an attempt. Default 300,000. */
  readonly timeoutMs?: number;
  /** How often the stage is tried in all, 1 to 100. Default 3. */
  readonly maxAttempts?: number;
  /** How long the stage waits before it is tried again. Default: the pipeline's; else exponential, from 1 s to 5 min. */
  readonly backoff?: Backoff;
  /** For how long, in all, the stage may be put off by RetryLater; then it fails (RETRY_LATER_EXHAUSTED). Default 86,400,000. */
  readonly retryLaterForMs?: number;
  /**
   * The stage begins only when the end of the one before has been recorded. Else it may begin a moment earlier; should the
   * worker die in that moment, the stage before is run again as well. For a stage whose effects outside must not come
   * before the record says that it has begun.
   */
  readonly recordFirst?: boolean;
  /** Runs the stage in a child process with limits of time and memory. */
  readonly isolate?: boolean;
  /** Old-space limit of the child in MiB; only with `isolate`. Default 512. */
  readonly memoryLimitMiB?: number;
  /**
   * Variables of the worker's environment that the stage finds in `ctx.secrets`; an isolated stage sees no others. Their
   * values are hidden in messages, stacks, lines of the log and outputs. A worker without one of them does not start.
   */
  readonly secrets?: readonly string[];
  /**
   * The output contract: refuses by throwing, which says what is wrong, or by returning false (OUTPUT_REJECTED, an
   * attempt). The transaction that finishes the task refuses as well when what is staged is no longer what was checked.
   */
  readonly check?: (output: Output, staged: StagedCounts) => boolean | void;
}

export const DEFAULT_STAGE_TIMEOUT_MS = 300_000;
export const DEFAULT_MAX_ATTEMPTS = 3;
export const DEFAULT_RETRY_LATER_FOR_MS = 86_400_000;

/** What is wrong with a stage's settings, each as a clause behind "stage …". */
export function faultsOfSettings(settings: StageSettings): string[] {
  const faults = [...faultsOfLimits(settings), ...faultsOfBackoff(settings.backoff)];
  const {
    maxAttempts = DEFAULT_MAX_ATTEMPTS,
    timeoutMs = DEFAULT_STAGE_TIMEOUT_MS,
    retryLaterForMs = DEFAULT_RETRY_LATER_FOR_MS,
  } = settings;
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1 || maxAttempts > 100) {
    faults.push(`has maxAttempts ${maxAttempts}; it must be 1 to 100`);
  }
  if (settings.recordFirst !== undefined && typeof settings.recordFirst !== "boolean") {
    faults.push(`has recordFirst ${String(settings.recordFirst)}; it must be true or false`);
  }
  if (!isListOfNames(settings.secrets ?? [])) faults.push("has secrets that are no list of names of variables");
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1) {
    faults.push(`has timeoutMs ${timeoutMs}; it must be a whole number from 1`);
  }
  if (!Number.isSafeInteger(retryLaterForMs) || retryLaterForMs < 0) {
    faults.push(`has retryLaterForMs ${retryLaterForMs}; it must be a whole number from 0`);
  }
  return faults;
}

const isListOfNames = (list: unknown): boolean => Array.isArray(list) && list.every((name) => /^\w+$/.test(name));
