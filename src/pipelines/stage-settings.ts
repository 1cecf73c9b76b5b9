import { faultsOfBackoff, type Backoff } from "../lifecycle/backoff.js";
import { faultsOfLimits, type Limits } from "./limits.js";

/** Number of chunks that a document's task has staged by the end of a stage; zeros for collection tasks. */
export interface StagedCounts {
  /** Number of chunks. */
  readonly chunks: number;
  /** Number of these chunks with an embedding. */
  readonly embedded: number;
}

/** Settings of a stage. */
export interface StageSettings<Output = any> extends Limits {
  /**
   * Time after which the stage is stopped, in milliseconds, 1 to 2,147,483,647. The attempt fails with TIMED_OUT; an isolated
   * stage fails with RESOURCE_LIMIT, without another attempt. Default: 300,000.
   */
  readonly timeoutMs?: number;
  /** Maximum number of attempts, 1 to 100. Default: 3. */
  readonly maxAttempts?: number;
  /** Delay before the next attempt. Default: the pipeline's, or exponential, from 1 s to 5 min. */
  readonly backoff?: Backoff;
  /**
   * Total time for which RetryLater may postpone the stage, in milliseconds, from 0. After that it fails with
   * RETRY_LATER_EXHAUSTED. Default: 86,400,000 (one day).
   */
  readonly retryLaterForMs?: number;
  /**
   * Starts the stage only after the end of the previous stage has been recorded. Otherwise it may start a moment earlier, and if
   * the worker dies in that moment, the previous stage runs again too. Use it for a stage with side effects that must not
   * happen before its start is recorded. Default: false.
   */
  readonly recordFirst?: boolean;
  /**
   * Whether to run the stage in a child process with limits of time and memory. Output and log fields cross to the worker as
   * JSON. Default: false.
   */
  readonly isolate?: boolean;
  /**
   * Memory limit of the child process (V8 old space) in MiB, from 1; only with `isolate`. On Linux, the process may have 1.5
   * times as much and 256 MiB in all. Beyond it the stage fails with RESOURCE_LIMIT, without another attempt. Default: 512.
   */
  readonly memoryLimitMiB?: number;
  /**
   * Names of environment variables that the stage gets in `ctx.secrets`; an isolated stage sees no other variables. Values of
   * 6 characters or more are masked in messages, stacks, log lines, metadata and outputs. A worker without one of them does
   * not start. Default: none.
   */
  readonly secrets?: readonly string[];
  /**
   * Verifies the output. To reject it, throw an error that says what is wrong, or return false; the attempt then fails with
   * OUTPUT_REJECTED. Runs in the worker, also for an isolated stage, and must be synchronous. Completing the task fails too if
   * the staged content has changed since the check. Default: every output is accepted.
   */
  readonly check?: (output: Output, staged: StagedCounts) => boolean | void;
}

export const DEFAULT_STAGE_TIMEOUT_MS = 300_000;
/** A timer set for longer fires at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
export const DEFAULT_MAX_ATTEMPTS = 3;
export const DEFAULT_MEMORY_LIMIT_MIB = 512;
export const DEFAULT_RETRY_LATER_FOR_MS = 86_400_000;

/** What is wrong with a stage's settings, each as a clause behind "stage …". */
export function faultsOfSettings(settings: StageSettings): string[] {
  const faults = [...faultsOfLimits(settings), ...faultsOfBackoff(settings.backoff)];
  const {
    memoryLimitMiB = 1,
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
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > LONGEST_TIMEOUT_MS) {
    faults.push(`has timeoutMs ${timeoutMs}; it must be a whole number from 1 to ${LONGEST_TIMEOUT_MS}`);
  }
  if (!Number.isInteger(memoryLimitMiB) || memoryLimitMiB < 1) {
    faults.push(`has memoryLimitMiB ${String(memoryLimitMiB)}; it must be a whole number from 1`);
  }
  if (!Number.isSafeInteger(retryLaterForMs) || retryLaterForMs < 0) {
    faults.push(`has retryLaterForMs ${retryLaterForMs}; it must be a whole number from 0`);
  }
  return faults;
}

const isListOfNames = (list: unknown): boolean => Array.isArray(list) && list.every((name) => /^\w+$/.test(name));
