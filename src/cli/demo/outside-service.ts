import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { pipeline } from "../../pipelines/builder.js";

/** How long a call takes, and how far apart two of them start. */
const CALL_MS = 2_000;
const BETWEEN_MS = 3_000;
/** One document in so many meets the service while it is down, at its first attempt. */
const DOWN_ONE_IN = 5;

/** How long all the documents take, for each waits for the ones before it. */
export const minutesFor = (documents: number): number => Math.ceil((documents * BETWEEN_MS) / 60_000);

/**
 * Work that goes on for as long as somebody looks at the demo: each document calls a service that allows one call in three
 * seconds and is down now and then. The service is played by a pause; the limit, the wait and the retry are real.
 */
export default pipeline({
  name: "outside-service",
  version: 1,
  description: "Part of the demo. Plays a service that allows one call in three seconds, and is down now and then.",
  options: z.object({}),
})
  .document("read", { run: async (ctx) => ({ text: await ctx.document.text() }) })
  .document("call", {
    maxAttempts: 3,
    rateLimit: { limit: 1, perMs: BETWEEN_MS },
    run: async ({ attempt, document, input, signal, logger }) => {
      logger.info({ characters: input.text.length }, "calling the service");
      await sleep(CALL_MS, undefined, { signal });
      if (attempt === 1 && isUnlucky(document.name)) throw new Error("The service answered 503 Service Unavailable.");
      return { words: input.text.split(/\s+/).filter(Boolean).length };
    },
  })
  .build();

/** The same documents in every run. */
const isUnlucky = (name: string): boolean =>
  createHash("sha256").update(name).digest().readUInt32BE() % DOWN_ONE_IN === 0;
