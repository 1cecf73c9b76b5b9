import type { DutyDeps } from "./duty.js";

/** What `attention` tells is as old as this at most, and a sweep. */
const LOOK_EVERY_MS = 4_000;

/** Looks for what needs a person, where that is due. Returns how many rows of it have changed. */
export async function lookForAttention({
  db,
  dispatcher,
  settings,
}: Pick<DutyDeps, "db" | "dispatcher" | "settings">): Promise<number> {
  const rows: { changed: number }[] = await db.query("select headway.look_for_attention($1, $2, $3) as changed", [
    settings.sweepMs,
    Math.min(LOOK_EVERY_MS, settings.sweepMs),
    dispatcher.away,
  ]);
  return rows[0]!.changed;
}
