import { Stop } from "../../src/async/stop.js";

test("a signal that is asked for afterwards has been aborted, for the first reason", () => {
  const stop = new Stop();
  stop.abort("first");
  stop.abort("second");
  expect([stop.aborted, stop.signal.aborted, stop.signal.reason]).toEqual([true, true, "first"]);
  expect(() => stop.throwIfAborted()).toThrow("first");
});

test("a signal that was asked for before is aborted with it, and is the same one each time", () => {
  const stop = new Stop();
  const { signal } = stop;
  expect([stop.signal === signal, signal.aborted]).toEqual([true, false]);
  stop.abort("now");
  expect(signal.reason).toBe("now");
});

test("each listener hears of it once, one that comes later at once, and one that was called off never", () => {
  const stop = new Stop();
  const heard: unknown[] = [];
  stop.onAbort((reason) => heard.push(["before", reason]));
  stop.onAbort((reason) => heard.push(["called off", reason]))();
  stop.abort("now");
  stop.onAbort((reason) => heard.push(["after", reason]));
  stop.abort("again");
  expect(heard).toEqual([
    ["before", "now"],
    ["after", "now"],
  ]);
});
