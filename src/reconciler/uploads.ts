import { expireUploadsStep } from "../engine/uploads/uploads.js";
import type { DutyDeps } from "./duty.js";

const STEP = 200;
/** Small transactions a tick; what is left goes on in the next, so that other duties are not kept waiting. */
const STEPS_A_TICK = 50;

/**
 * Removes uploads that have expired, with what was sent of them; those that documents hold stay as long as these do.
 * Their files go with the next removal of stored files. Returns how many were looked at.
 */
export async function expireUploads(deps: Pick<DutyDeps, "db" | "onError">): Promise<number> {
  let looked = 0;
  for (let step = 0; step < STEPS_A_TICK; step += 1) {
    const found = await expireUploadsStep(deps, STEP);
    looked += found;
    if (found < STEP) break;
  }
  return looked;
}
