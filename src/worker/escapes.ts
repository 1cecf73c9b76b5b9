import { AsyncLocalStorage } from "node:async_hooks";
import { HeadwayError, messageOf } from "../errors.js";

/** An error of a handler that none of its awaits saw. `cause` is what was thrown. */
export class Escaped extends HeadwayError {
  constructor(thrown: unknown, stage: string, how: string) {
    super(
      "HANDLER_ERROR",
      `${messageOf(thrown)} (${how} of stage "${stage}": await every promise, handle the "error" event of every ` +
        `emitter, or mark the stage isolate: true.)`,
      {},
      { cause: thrown },
    );
  }
}

/** The run of a stage that code belongs to. */
export interface RunningStage {
  readonly stage: string;
  /** Fails its task; does nothing once that is over. */
  readonly fail: (error: Escaped) => void;
  /** A text without the values of the stage's secrets. */
  readonly hide: (text: string) => string;
}

const runningStages = new AsyncLocalStorage<RunningStage>();

/** Runs `work` so that what escapes from it, or from anything it starts, is known to belong to this run. */
export function inStage<T>(running: RunningStage, work: () => T): T {
  return runningStages.run(running, work);
}

/**
 * Until the returned function is called, an error that escapes from a handler (a promise that nobody awaits, a throw in a
 * timer, an "error" event without a listener, a call of process.exit) fails the task it came from, not this process.
 * `onEscape` hears of each, after that. What comes from no handler ends the process, as always.
 */
export function catchEscapes(onEscape: (error: Escaped, hide: RunningStage["hide"]) => void): () => void {
  const escaped = (running: RunningStage, thrown: unknown, how: string): Escaped => {
    const error = thrown instanceof Escaped ? thrown : new Escaped(thrown, running.stage, how);
    running.fail(error);
    onEscape(error, running.hide);
    return error;
  };
  const onUncaught = (thrown: unknown, origin: NodeJS.UncaughtExceptionOrigin): void => {
    const running = runningStages.getStore();
    if (running !== undefined) {
      const isRejection = origin === "unhandledRejection";
      escaped(
        running,
        thrown,
        isRejection ? "a promise that is not awaited was rejected" : "it was thrown outside of any await",
      );
      return;
    }
    if (process.listenerCount("uncaughtException") > 1) return; // Somebody else's listener decides.
    stop();
    // Without a listener Node says where it came from and ends the process.
    setImmediate(() => {
      throw thrown;
    });
  };
  const exit = process.exit.bind(process);
  const exitUnlessInHandler: typeof process.exit = (code) => {
    const running = runningStages.getStore();
    if (running === undefined) return exit(code);
    throw escaped(running, new Error(`process.exit(${code ?? ""}) was called`), "it would have ended the worker");
  };
  let isOn = true;
  const stop = (): void => {
    if (!isOn) return;
    isOn = false;
    process.off("uncaughtException", onUncaught);
    if (process.exit === exitUnlessInHandler) process.exit = exit;
  };
  process.on("uncaughtException", onUncaught);
  process.exit = exitUnlessInHandler;
  return stop;
}
