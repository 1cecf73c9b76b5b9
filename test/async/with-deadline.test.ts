import { describe, expect, test } from "@jest/globals";
import { DeadlineExceeded, withDeadline } from "../../src/async/with-deadline.js";

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
const never = new Promise<never>(() => undefined);

describe("a deadline", () => {
  test("gives what the work gives, and leaves no timer behind", async () => {
    const before = timers();
    expect(await withDeadline("Counting", 60_000, Promise.resolve(7))).toBe(7);
    expect(timers()).toBe(before);
  });

  test("throws what the work throws, and leaves no timer behind", async () => {
    const before = timers();
    await expect(withDeadline("Counting", 60_000, Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(timers()).toBe(before);
  });

  test("that passes names what was waited for, and how long", async () => {
    const failed = withDeadline("Closing the queues", 1, never);
    await expect(failed).rejects.toBeInstanceOf(DeadlineExceeded);
    await expect(failed).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: "Closing the queues took more than 1 ms.",
      details: { deadlineMs: 1 },
    });
  });

  test("drops what the work throws after it has passed", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): number => unhandled.push(error);
    process.on("unhandledRejection", note);
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    await expect(withDeadline("Asking", 1, work)).rejects.toThrow("Asking took more than 1 ms.");
    fail(new Error("too late"));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });
});
