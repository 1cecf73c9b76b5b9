import { describe, expect, test } from "@jest/globals";
import { setImmediate as turn } from "node:timers/promises";
import { Signal } from "../../src/async/signal.js";

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

describe("a signal", () => {
  test("that is raised between a look and the wait ends the wait at once", async () => {
    const signal = new Signal();
    signal.raise();
    expect(await signal.wait()).toBe(true);
  });

  test("is raised for one wait: the next one waits", async () => {
    const signal = new Signal();
    signal.raise();
    signal.raise();
    await signal.wait();
    expect(await signal.wait(1)).toBe(false);
  });

  test("wakes all who wait, and is not kept for a later one then", async () => {
    const signal = new Signal();
    const waits = [signal.wait(), signal.wait(60_000)];
    signal.raise();
    expect(await Promise.all(waits)).toEqual([true, true]);
    expect(await signal.wait(1)).toBe(false);
  });

  test("wakes nobody before it is raised", async () => {
    const signal = new Signal();
    let woken = false;
    const wait = signal.wait().then(() => (woken = true));
    await turn();
    expect(woken).toBe(false);
    signal.raise();
    await wait;
  });

  test("that is raised after a wait ran out is kept for the next", async () => {
    const signal = new Signal();
    expect(await signal.wait(1)).toBe(false);
    signal.raise();
    expect(await signal.wait()).toBe(true);
  });

  test("forgets a raise when it is cleared", async () => {
    const signal = new Signal();
    signal.raise();
    signal.clear();
    expect(await signal.wait(1)).toBe(false);
  });

  test("leaves no timer behind when it is raised in time", async () => {
    const before = timers();
    const signal = new Signal();
    const wait = signal.wait(60_000);
    expect(timers()).toBe(before + 1);
    signal.raise();
    await wait;
    expect(timers()).toBe(before);
  });
});
