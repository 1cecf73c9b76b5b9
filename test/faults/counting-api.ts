import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An outside API that counts: who is in at once, and when each came. */
export interface CountingApi {
  readonly url: string;
  /** How many were in at once at most. */
  readonly mostAtOnce: number;
  readonly inside: number;
  /** When each came, by its own clock. */
  readonly came: readonly number[];
  /** How many came within any so many milliseconds at most. */
  mostWithin(ms: number): number;
  /** Of the next requests so many are answered with 429 and Retry-After. */
  refuse(count: number, retryAfterSeconds: number): void;
  close(): Promise<void>;
}

/** @param answerMs how long each answer takes */
export async function startCountingApi(answerMs: number): Promise<CountingApi> {
  const came: number[] = [];
  let [inside, mostAtOnce, refusals, retryAfter] = [0, 0, 0, 0];
  const server = createServer((_, response) => {
    came.push(performance.now());
    inside += 1;
    // Where this process was busy, the end of one and the beginning of the next come in one turn, in either order.
    setImmediate(() => setImmediate(() => (mostAtOnce = Math.max(mostAtOnce, inside))));
    // When it has been answered, or its asker is dead.
    response.once("close", () => (inside -= 1));
    const isRefused = refusals > 0;
    if (isRefused) refusals -= 1;
    setTimeout(() => {
      if (isRefused) response.writeHead(429, { "retry-after": String(retryAfter) });
      response.end("well");
    }, answerMs);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    get mostAtOnce() {
      return mostAtOnce;
    },
    get inside() {
      return inside;
    },
    came,
    mostWithin: (ms) =>
      Math.max(0, ...came.map((from, index) => came.slice(index).filter((at) => at < from + ms).length)),
    refuse: (count, seconds) => ([refusals, retryAfter] = [count, seconds]),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
