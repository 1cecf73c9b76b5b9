import { fork, type ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { HeadwayError, PermanentError } from "../errors.js";
import { fromPlainError, toPlainError, type PlainError } from "./sandbox-error.js";
import type { SandboxCall, SandboxHost, ToChild, ToParent } from "./sandbox-protocol.js";
import { adviceOnUnreadable, type SandboxUser } from "./sandbox-user.js";

/** How often a child's memory is looked at (Linux): an allocation needs longer than that to hurt the machine. */
const MEMORY_WATCH_MS = 250;
/** For loading the pipelines, which takes a second or two; many times that on a busy machine. */
const START_LIMIT_MS = 60_000;
/** Enough of what a dying child said to see why. */
const STDERR_TAIL_BYTES = 2_048;
/** What a child said comes out at once when it is dead, unless something it started still holds the pipe. */
const DRAIN_LIMIT_MS = 500;

/**
 * What the whole process may take. The old-space limit holds only for JavaScript objects: buffers and what libraries
 * allocate natively come on top, as a rule less than half as much again; Node itself, its young generation, the code
 * and a second thread take some 100 MiB, a loaded sentence model or PDF library as much again.
 */
export function residentLimitMiB(memoryLimitMiB: number): number {
  return memoryLimitMiB * 1.5 + 256;
}

/** A child that died before it had begun the call: the call can be given to another one. */
export class DiedBeforeStart extends HeadwayError {}

/** One child process, in a process group of its own. */
export class SandboxProcess {
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #stderrTail = "";
  #saidOutOfMemory = false;
  #exit: { readonly code: number | null; readonly signal: string | null } | null = null;
  #onMessage: (message: ToParent) => void = () => undefined;
  #spawnError: Error | null = null;
  #hasStarted = false;
  #killed = false;

  constructor(
    childEntry: URL,
    private readonly options: {
      readonly memoryLimitMiB: number;
      readonly environment: Readonly<Record<string, string>>;
      readonly user: SandboxUser;
    },
  ) {
    this.#child = fork(childEntry, [String(process.pid)], {
      execArgv: [`--max-old-space-size=${options.memoryLimitMiB}`],
      // Typed arrays cross as what they are.
      serialization: "advanced",
      detached: true,
      env: { ...options.environment },
      ...options.user,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.on("message", (message) => this.#onMessage(message as ToParent));
    this.#child.stderr?.on("data", (said: Buffer) => {
      const all = this.#stderrTail + said.toString();
      // Behind these words comes a long trace, which would push them out of the tail.
      this.#saidOutOfMemory ||= /heap out of memory/i.test(all);
      this.#stderrTail = all.slice(-STDERR_TAIL_BYTES);
    });
    this.#gone = this.#watchEnd();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return !this.#killed && this.#exit === null && this.#spawnError === null && this.#child.connected;
  }

  /** Whether its pipelines were loaded and the last call's handler was started. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** Settles when it is dead, whatever of. */
  get gone(): Promise<void> {
    return this.#gone;
  }

  /** Whether it holds so much that the next call had better get a fresh one. */
  async hasGrown(): Promise<boolean> {
    const residentMiB = await this.#residentMiB();
    return residentMiB !== null && residentMiB > residentLimitMiB(this.options.memoryLimitMiB) / 2;
  }

  /** Runs one call; a child takes one at a time. Rejects with what the handler threw, or with why it was stopped. */
  async run(call: SandboxCall, host: SandboxHost, signal: AbortSignal): Promise<unknown> {
    const timers: NodeJS.Timeout[] = [];
    const hostCalls = new Set<Promise<unknown>>();
    let stopped: Error | null = null;
    this.#hasStarted = false;
    const stop = (reason: Error): void => {
      stopped ??= reason;
      this.kill();
    };
    const onAbort = (): void => stop(signal.reason as Error);
    const work = new Promise<unknown>((resolve, reject) => {
      this.#onMessage = (message) => {
        if (message.type === "started") {
          this.#hasStarted = true;
          clearTimeout(timers[0]);
          timers.push(setTimeout(() => stop(timedOut(call)), call.timeoutMs));
        } else if (message.type === "done") {
          resolve(message.outputJson === null ? undefined : JSON.parse(message.outputJson));
        } else if (message.type === "failed") {
          reject(this.#hasStarted ? fromPlainError(message.error) : this.#notLoaded(message.error));
        } else {
          const answered = this.#answer(message, host, reject).finally(() => hostCalls.delete(answered));
          hostCalls.add(answered);
        }
      };
      void this.#gone.then(() => reject(stopped ?? this.#whyDead(call)));
    });
    timers.push(setTimeout(() => stop(this.#neverStarted()), START_LIMIT_MS));
    timers.push(setInterval(() => void this.#checkMemory(call, stop), MEMORY_WATCH_MS));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    this.#post({ type: "run", call });
    try {
      const output = await work;
      // The handler has ended, maybe without waiting for all that it asked for.
      await Promise.allSettled(hostCalls);
      return output;
    } catch (error) {
      // A call that was to end has ended for that reason, whatever came of it in the meantime.
      throw stopped ?? error;
    } finally {
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      this.#onMessage = () => undefined;
      await host.end?.();
    }
  }

  /** With everything it started. SIGKILL: a handler may spin, and nothing of it is worth saving. */
  kill(): void {
    this.#killed = true;
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // Its group is gone already; or, just after the fork, is not there yet.
      this.#child.kill("SIGKILL");
    }
  }

  /** An idle child keeps its parent alive no longer. */
  unref(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    (this.#child.stderr as { unref?(): void } | null)?.unref?.();
  }

  ref(): void {
    this.#child.ref();
    this.#child.channel?.ref();
    (this.#child.stderr as { ref?(): void } | null)?.ref?.();
  }

  async #answer(
    message: Extract<ToParent, { type: "ask" | "tell" }>,
    host: SandboxHost,
    fail: (error: unknown) => void,
  ): Promise<void> {
    try {
      const value = await host.call(message.method, message.args);
      if (message.type === "ask") this.#post({ type: "answer", id: message.id, value });
    } catch (error) {
      // The child waits for no answer to what it tells: the stage fails with it.
      if (message.type === "tell") fail(error);
      else this.#post({ type: "refusal", id: message.id, error: toPlainError(error) });
    }
  }

  #post(message: ToChild): void {
    // A child that is gone gets nothing; its end is noticed elsewhere.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #watchEnd(): Promise<void> {
    return new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#spawnError = error;
        if (this.#child.pid === undefined) resolve();
      });
      this.#child.once("exit", (code, signal) => {
        this.#exit = { code, signal };
        this.kill();
        setTimeout(resolve, DRAIN_LIMIT_MS).unref();
      });
      this.#child.once("close", () => resolve());
    });
  }

  async #checkMemory(call: SandboxCall, stop: (reason: Error) => void): Promise<void> {
    const residentMiB = await this.#residentMiB();
    const limitMiB = residentLimitMiB(call.memoryLimitMiB);
    if (residentMiB !== null && residentMiB > limitMiB) stop(outOfMemory(call, { residentMiB, limitMiB }));
  }

  /** Null where it can't be known. `status` and not `statm`, which counts in pages of a size that differs. */
  async #residentMiB(): Promise<number | null> {
    if (process.platform !== "linux") return null;
    const status = await readFile(`/proc/${this.#child.pid}/status`, "utf8").catch(() => "");
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(status);
    return match ? Math.round(Number(match[1]) / 1_024) : null;
  }

  #whyDead(call: SandboxCall): Error {
    const stderr = this.#stderrTail.trim();
    if (this.#saidOutOfMemory) return outOfMemory(call, { stderr });
    const { code, signal } = this.#exit ?? { code: null, signal: null };
    const how = signal !== null ? `was ended by ${signal}` : `exited with code ${code}`;
    const details = { exitCode: code, signal, stderr, ...(this.#spawnError && { error: this.#spawnError.message }) };
    if (!this.#hasStarted) {
      return new DiedBeforeStart(
        "CRASHED",
        `The child process for "${call.stage}" ${how} before it could start.${adviceOnUnreadable(stderr, this.options.user)}`,
        details,
      );
    }
    return new HeadwayError("CRASHED", `The child process of stage "${call.stage}" ${how}.`, details);
  }

  #notLoaded(error: PlainError): Error {
    const advice = adviceOnUnreadable(error.message, this.options.user);
    return advice === "" ? fromPlainError(error) : new HeadwayError("CODE_UNREADABLE", advice.trim());
  }

  #neverStarted(): Error {
    const stderr = this.#stderrTail.trim();
    return new HeadwayError("CRASHED", `A child process did not load its pipelines within ${START_LIMIT_MS} ms.`, {
      stderr,
    });
  }
}

function timedOut(call: SandboxCall): Error {
  return new PermanentError(
    "RESOURCE_LIMIT",
    `Stage "${call.stage}" ran longer than its ${call.timeoutMs} ms; its child process was stopped. Split the document, or raise timeoutMs.`,
    { timeoutMs: call.timeoutMs },
  );
}

function outOfMemory(call: SandboxCall, details: Readonly<Record<string, unknown>>): Error {
  return new PermanentError(
    "RESOURCE_LIMIT",
    `Stage "${call.stage}" needed more memory than its limit of ${call.memoryLimitMiB} MiB allows; its child process was stopped. Split the document, or raise memoryLimitMiB.`,
    { memoryLimitMiB: call.memoryLimitMiB, ...details },
  );
}
