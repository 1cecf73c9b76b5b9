import type { EngineDeps } from "../engine.js";

/** Makes a job's status follow from its tasks. Returns how many rows changed; 0 when they agreed already. */
export async function converge(
  deps: Pick<EngineDeps, "db">,
  jobId: string,
  actor = "system:converge",
): Promise<number> {
  const rows: { changed: number }[] = await deps.db.query("select headway.converge($1, $2) as changed", [jobId, actor]);
  return rows[0]?.changed ?? 0;
}
