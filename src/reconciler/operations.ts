import { dispatch } from "../engine/flush/hints.js";
import { advanceAlone } from "../engine/operations/steps.js";
import type { DutyDeps } from "./duty.js";

/** So many jobs take a step each in turn. */
const JOBS = 100;
/** What is left goes on in the next tick, so that other duties are not kept waiting. */
const MS_A_TICK = 2_000;

/**
 * Goes on with cancels and retries that have not come to all tasks of their job: whoever began them died, or is at it
 * still. Returns how many steps were taken; a second pass finds none.
 */
export async function finishOperations({ db, dispatcher, onError }: DutyDeps): Promise<number> {
  const until = performance.now() + MS_A_TICK;
  const failed: string[] = [];
  let steps = 0;
  for (;;) {
    const rows: { id: string }[] = await db.query(
      `select id from headway.job where operation is not null and id <> all ($1) order by id limit ${JOBS}`,
      [failed],
    );
    if (rows.length === 0) return steps;
    for (const { id } of rows) {
      if (performance.now() > until) return steps;
      try {
        const { due } = await advanceAlone(db, id);
        dispatch({ dispatcher, onError }, due);
        steps += 1;
      } catch (error) {
        failed.push(id);
        onError(error, `going on with the tasks of job ${id}`);
      }
    }
  }
}
