import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { isAlive } from "../../support/is-alive.js";
import {
  begunIn,
  createCulpritRig,
  ended,
  healthy,
  pidsOf,
  POISONED,
  warningsOf,
  type CulpritRig,
} from "../culprits.js";

let world: CulpritRig;
beforeAll(async () => {
  world = await createCulpritRig();
});
afterAll(() => world.close());

describe("F42: a handler that never gives its process back", () => {
  test("blocks it forever: it is killed and replaced, and so it is where the task runs alone; nobody beside it is hurt", async () => {
    const { rig, headway, culprits, neighbours } = world;
    const beside = await neighbours(2, 800);
    const { job, begun } = await culprits(["block it forever"], 200);
    await rig.settled([job, beside]);
    expect(await ended(rig, job)).toEqual([{ name: "block it forever", ...POISONED }]);
    expect(await ended(rig, beside)).toEqual(healthy(2));
    expect(new Set(pidsOf(begun)).size).toBe(begunIn(begun).length);
    expect(headway.output()).toMatch(/its event loop was blocked for \d+ ms/);
    await rig.account({ fault: "F42", what: "a process blocked forever", times: 2 });
  });

  test("is deaf to its time-out: TIMED_OUT once its process is dead, and another process goes on", async () => {
    const { rig, culprits, neighbours } = world;
    const { job, begun } = await culprits(["hear nothing"], 0);
    await rig.settled([job]);
    expect(await ended(rig, job)).toMatchObject([
      { status: "FAILED", crashes: 0, reason: "RETRIES_EXHAUSTED", code: "TIMED_OUT" },
    ]);
    expect(isAlive(pidsOf(begun)[0]!)).toBe(false);
    expect(await warningsOf(rig, job)).toEqual(["HANDLER_IGNORED_SIGNAL"]);
    await rig.settled([await neighbours(1, 0)]);
    await rig.account({ fault: "F42", what: "a handler deaf to its time-out", times: 1 });
  });
});
