import { describe, expect, test } from "@jest/globals";
import { SingleFlight } from "../../src/async/single-flight.js";

/** Work whose runs are ended by hand. */
function gated() {
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const errors: unknown[] = [];
  const flight = new SingleFlight(
    () => new Promise<void>((resolve, reject) => ends.push({ resolve, reject })),
    (error) => errors.push(error),
  );
  const settled = async (): Promise<void> => {
    for (let i = 0; i < 10; i += 1) await Promise.resolve();
  };
  return { flight, ends, errors, settled };
}

describe("a single flight", () => {
  test("runs at once when nothing runs", () => {
    const { flight, ends } = gated();
    flight.run();
    expect([ends.length, flight.isRunning]).toEqual([1, true]);
  });

  test("runs once more after a run during which it was asked for several times", async () => {
    const { flight, ends, settled } = gated();
    flight.run();
    for (let i = 0; i < 3; i += 1) flight.run();
    expect(ends.length).toBe(1);
    ends[0]!.resolve();
    await settled();
    expect(ends.length).toBe(2);
    ends[1]!.resolve();
    await settled();
    expect([ends.length, flight.isRunning]).toEqual([2, false]);
    flight.run();
    expect(ends.length).toBe(3);
  });

  test("tells of a run that throws, and runs again when it was asked to", async () => {
    const { flight, ends, errors, settled } = gated();
    const fault = new Error("no");
    flight.run();
    flight.run();
    ends[0]!.reject(fault);
    await settled();
    expect([errors, ends.length]).toEqual([[fault], 2]);
    ends[1]!.resolve();
    await settled();
    expect(flight.isRunning).toBe(false);
  });

  test("tells of work that throws before its first await, and is not stuck", async () => {
    const errors: unknown[] = [];
    let runs = 0;
    const work = (): Promise<void> => {
      runs += 1;
      throw new Error("at once");
    };
    const flight = new SingleFlight(work, (error) => errors.push(error));
    flight.run();
    await flight.close();
    expect([runs, errors.length, flight.isRunning]).toEqual([1, 1, false]);
  });

  test("lets the present run end when it is closed, and begins no other", async () => {
    const { flight, ends } = gated();
    flight.run();
    flight.run();
    let closed = false;
    const closing = flight.close().then(() => (closed = true));
    await Promise.resolve();
    expect(closed).toBe(false);
    ends[0]!.resolve();
    await closing;
    flight.run();
    expect(ends.length).toBe(1);
  });
});
