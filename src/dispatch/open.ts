import type { Config } from "../config.js";
import type { Logger } from "../logger.js";
import { Repeats } from "../repeats.js";
import type { Dispatcher } from "./dispatcher.js";
import { createInProcessDispatcher } from "./in-process.js";

/** For people: what carries hints, and that it does not just now. */
export function describeDispatcher({ kind, away }: Dispatcher, { redisUrl }: Config): string {
  if (redisUrl === null) return kind;
  return away === null ? `${kind}, over Redis` : `${kind}, but Redis cannot be reached (${away}); workers poll instead`;
}

/** Hints over Redis where REDIS_URL is set, else within this process. The log is told when Redis goes away and when it is back. */
export async function openDispatcher(
  { redisUrl, redisPrefix, databaseSchema }: Config,
  logger: Logger,
  onError: (error: unknown, doing: string) => void,
): Promise<Dispatcher> {
  if (redisUrl === null) return createInProcessDispatcher();
  const { createBullDispatcher } = await import("./bull.js"); // Large, and of no use without Redis.
  const changes = new Repeats();
  const dispatcher = createBullDispatcher({
    redisUrl,
    prefix: redisPrefix ?? databaseSchema,
    onError: (error) => onError(error, "carrying hints"),
    // A Redis that comes and goes is told of once a minute, with how often.
    onChange: (away) =>
      changes.say(away ?? "back", (count) => {
        const repeats = count > 0 ? { repeats: count } : {};
        if (away === null) logger.info(repeats, "Redis is back");
        else logger.warn({ error: away, ...repeats }, "Redis cannot be reached; workers poll until it is back");
      }),
  });
  // The start does not wait for Redis; but what it says of it should be so.
  await dispatcher.ping();
  return dispatcher;
}
