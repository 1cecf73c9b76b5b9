import { existsSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { isAlive } from "../../support/is-alive.js";
import { until } from "../../support/until.js";
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
import { hasExited, note } from "../rig.js";

let world: CulpritRig;
beforeAll(async () => {
  world = await createCulpritRig();
});
afterAll(() => world.close());

describe("F42: one task of many ends its process", () => {
  test("by a kill, and by using up the memory: each ends POISONED, alone; who ran beside completes without a crash", async () => {
    const { rig, headway, culprits, neighbours } = world;
    const beside = await neighbours(3, 300);
    const WAYS = ["eat its memory", "kill it"];
    const { job, begun } = await culprits(WAYS, 300);
    await rig.settled([job, beside]);
    expect(await ended(rig, job)).toEqual(WAYS.map((name) => ({ name, ...POISONED })));
    expect(await ended(rig, beside)).toEqual(healthy(3));
    // Beside each other once; from then on alone, so that it is known whose crash it is.
    for (const way of WAYS) expect(begunIn(begun).filter((line) => line.startsWith(way)).length).toBeLessThanOrEqual(3);
    expect(hasExited(headway)).toBe(false);
    await rig.account({ fault: "F42", what: "two of five tasks end their process", times: 3 });
    note({ fault: "F42", what: "the culprits' own job", times: 1, looks: rig.looks, jobs: 1 });
  });

  test("blocking it for longer than two leases and then ending: it runs once and its end counts, and so do its neighbours'", async () => {
    const { rig, culprits, neighbours } = world;
    const beside = await neighbours(2, 200);
    const name = "block it for longer than two leases";
    const { job, begun } = await culprits([name], 100);
    await rig.settled([job, beside]);
    expect(await ended(rig, job)).toEqual([{ name, status: "COMPLETED", crashes: 0, reason: "COMPLETED", code: null }]);
    expect(begunIn(begun)).toHaveLength(1);
    expect(await ended(rig, beside)).toEqual(healthy(2));
    await rig.account({ fault: "F42", what: "synchronous work of 2.1 leases", times: 1 });
  });
});

test("F42: a handler is deaf to a cancel: it is CANCELLING until its process is dead, and only then CANCELLED; nobody beside it is hurt", async () => {
  const { rig, api, culprits, neighbours } = world;
  const sizeOf = (file: string): number => (existsSync(file) ? statSync(file).size : 0);
  const beside = await neighbours(2, 300);
  const { job, begun } = await culprits(["hear nothing"], 0);
  await until("it is at work", () => sizeOf(`${begun}.effects`) > 0);
  await api.query("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } } }", { id: job });
  const [pid] = pidsOf(begun);
  let sawAlive = 0;
  await until("it is CANCELLED", async () => {
    const alive = isAlive(pid!);
    const { rows } = await rig.db.query("select status from headway.job where id = $1", [job]);
    if (rows[0].status !== "CANCELLING") return true;
    sawAlive += alive ? 1 : 0;
    return false;
  });
  expect(isAlive(pid!)).toBe(false);
  expect(sawAlive).toBeGreaterThan(0);
  const effects = sizeOf(`${begun}.effects`);
  expect(await ended(rig, job)).toMatchObject([{ status: "CANCELLED", crashes: 0 }]);
  expect(await warningsOf(rig, job)).toEqual(["HANDLER_IGNORED_SIGNAL"]);
  await rig.settled([beside]);
  expect(await ended(rig, beside)).toEqual(healthy(2));
  expect(sizeOf(`${begun}.effects`)).toBe(effects);
  await rig.account({ fault: "F42", what: "a handler deaf to a cancel", times: 1 });
});
