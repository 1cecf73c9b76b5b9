import type { DutyDeps } from "./duty.js";

const STEP = 500;
/** Small transactions a tick; what is left goes on in the next, so that other duties are not kept waiting. */
const STEPS_A_TICK = 50;

/** Where the database's clock has gone back, lets what was due stay due. Returns how many tasks it moved. */
export async function followClock({ db, onError }: Pick<DutyDeps, "db" | "onError">): Promise<number> {
  let moved = 0;
  for (let step = 0; step < STEPS_A_TICK; step += 1) {
    const rows: { moved: number }[] = await db.query("select headway.follow_clock($1) as moved", [STEP]);
    if (rows[0]!.moved === 0) break;
    moved += rows[0]!.moved;
  }
  if (moved > 0) {
    onError(new Error("The database clock was set back."), `letting ${moved} tasks that were due stay due`);
  }
  return moved;
}
