import { messageOf } from "./errors.js";
import type { Logger } from "./logger.js";

/** Kinds remembered at most: beyond it the oldest are forgotten, and may be said once more. */
const MAX_KINDS = 1_000;

/** Says what went wrong; `repeats` counts what was held back since the time before. */
export type Say = (repeats: number) => void;

/**
 * Says the same trouble at most once in `quietMs` per kind, and then how often it came meanwhile: a dependency that is
 * away would else fill the log with one sentence.
 */
export class Repeats {
  readonly #held = new Map<string, { count: number; say: Say }>();

  constructor(private readonly quietMs = 60_000) {}

  /** @param kind what makes it the same trouble; ids and numbers in it don't tell it from another */
  say(kind: string, say: Say): void {
    const key = kind.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+/gi, "#");
    const held = this.#held.get(key);
    if (held !== undefined) {
      held.count += 1;
      held.say = say;
      return;
    }
    if (this.#held.size >= MAX_KINDS) this.#held.delete(this.#held.keys().next().value!);
    this.#held.set(key, { count: 0, say });
    say(0);
    this.#later(key);
  }

  #later(key: string): void {
    setTimeout(() => {
      const held = this.#held.get(key);
      if (held === undefined) return;
      if (held.count === 0) return void this.#held.delete(key);
      const { count, say } = held;
      held.count = 0;
      say(count);
      this.#later(key);
    }, this.quietMs).unref();
  }
}

/** Tells the log of trouble in the background, the same at most once a minute; nothing of it while `isOver` says so. */
export function troubleTo(logger: Logger, isOver: () => boolean): (error: unknown, doing: string) => void {
  const repeats = new Repeats();
  return (error, doing) => {
    if (isOver()) return;
    const message = messageOf(error);
    repeats.say(`${doing} ${message}`, (count) =>
      logger.warn({ error: message, ...(count > 0 ? { repeats: count } : {}) }, `while ${doing}`),
    );
  };
}
