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

/** The passage through a stage that code was started by. */
export interface Passage {
  readonly stage: string;
  /** Fails its task; does nothing once that is over. */
  readonly fail: (error: Escaped) => void;
}

const passages = new AsyncLocalStorage<Passage>();

/** Runs `work` so that what escapes from it, or from anything it starts, is known to be of this passage. */
export function inPassage<T>(passage: Passage, work: () => T): T {
  return passages.run(passage, work);
}

/**
 * Until the returned function is called, an error that escapes from a handler (a promise that nobody awaits, a throw in a
 * timer, an "error" event without a listener, a call of process.exit) fails the task it came from, not this process.
 * `onEscape` hears of each, after that. What comes from no handler ends the process, as always.
 */
export function catchEscapes(onEscape: (error: Escaped) => void): () => void {
  const escaped = (passage: Passage, thrown: unknown, how: string): Escaped => {
    const error = thrown instanceof Escaped ? thrown : new Escaped(thrown, passage.stage, how);
    passage.fail(error);
    onEscape(error);
    return error;
  };
  const onUncaught = (thrown: unknown, origin: NodeJS.UncaughtExceptionOrigin): void => {
    const passage = passages.getStore();
    if (passage !== undefined) {
      const isRejection = origin === "unhandledRejection";
      escaped(
        passage,
        thrown,
        isRejection ? "it rejected a promise that nobody awaits" : "it was thrown past all awaits",
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
    const passage = passages.getStore();
    if (passage === undefined) return exit(code);
    throw escaped(passage, new Error(`process.exit(${code ?? ""}) was called`), "it would have ended the worker");
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
