import { definePipeline, pipeline } from "../../src/index.js";
import { backoffMs } from "../../src/lifecycle/backoff.js";

describe("the time before a stage is tried again", () => {
  test("is by default anywhere below a second more than doubled at each try, and below five minutes", () => {
    expect([1, 2, 3, 20].map((attempt) => backoffMs(undefined, attempt, null, 0.5))).toEqual([
      1_000, 2_000, 4_000, 150_000,
    ]);
    expect(backoffMs(undefined, 1, null, 0)).toBe(0);
  });

  test("is fixed, or exponential with bounds of its own, or what a function of the try and the error says", () => {
    expect(backoffMs({ kind: "fixed", delayMs: 70 }, 9)).toBe(70);
    const own = { kind: "exponential", baseMs: 10, maxMs: 50 } as const;
    expect([1, 2, 3].map((attempt) => backoffMs(own, attempt, null, 0.9))).toEqual([18, 36, 45]);
    expect(backoffMs((attempt, error) => attempt * (error as Error).message.length, 3, new Error("four"))).toBe(12);
    expect(backoffMs(() => Infinity, 1)).toBe(604_800_000);
  });

  test.each([
    ["throws", () => JSON.parse("{") as number],
    ["says nothing that is a time", () => NaN],
    ["says a time in the past", () => -1],
  ])("is the default where a function %s", (_, backoff) => {
    expect(backoffMs(backoff, 2, null, 0.5)).toBe(2_000);
  });
});

describe("a pipeline's limits and waits", () => {
  test("are checked where it is defined, all at once", () => {
    const stage = { name: "ask", run: async () => null };
    const define = (): unknown =>
      definePipeline({
        name: "asks",
        version: 2 ** 31,
        concurrency: 0,
        documentStages: [
          {
            ...stage,
            rateLimit: { limit: 1.5, perMs: 100 },
            backoff: { kind: "linear" } as never,
            retryLaterForMs: -1,
            timeoutMs: 2 ** 31,
            memoryLimitMiB: 0.5,
          },
        ],
      });
    expect(define).toThrow(/it has concurrency 0; it must be a whole number from 1; /);
    expect(define).toThrow(/stage "ask" has rateLimit \{"limit":1.5,"perMs":100\}; it must be \{ limit, perMs \}/);
    expect(define).toThrow(/stage "ask" has backoff \{"kind":"linear"\}; it must be \{ kind: "fixed", delayMs \}/);
    expect(define).toThrow(/stage "ask" has retryLaterForMs -1; it must be a whole number from 0/);
    expect(define).toThrow(/version 2147483648 must be a whole number from 1 to 2147483647/);
    expect(define).toThrow(/stage "ask" has timeoutMs 2147483648; it must be a whole number from 1 to 2147483647/);
    expect(define).toThrow(/stage "ask" has memoryLimitMiB 0.5; it must be a whole number from 1/);
  });

  test("are taken by the builder as well", () => {
    const built = pipeline({ name: "asks", version: 1, rateLimit: { limit: 3, perMs: 1_000 } })
      .document("ask", { concurrency: 2, backoff: { kind: "fixed", delayMs: 5 }, run: async () => null })
      .build();
    expect(built).toMatchObject({ rateLimit: { limit: 3, perMs: 1_000 }, documentStages: [{ concurrency: 2 }] });
  });
});
