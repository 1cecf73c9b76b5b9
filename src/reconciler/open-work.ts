import { measureOpenWork } from "../engine/operations/measure.js";
import type { DutyDeps } from "./duty.js";

/** What /metrics tells of open work is as old as this at most, and a sweep. */
const MEASURE_EVERY_MS = 10_000;

/** Counts the open work for /metrics, where that is due. Returns how often. */
export async function countOpenWork({ db }: DutyDeps): Promise<number> {
  return (await measureOpenWork(db, MEASURE_EVERY_MS)) ? 1 : 0;
}
