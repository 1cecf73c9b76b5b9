import { inTransaction } from "../../database/transaction.js";
import type { Change, EngineParts } from "../engine.js";
import { CHANGE_COLUMNS, readDatabaseId, withCursor, type ChangeRow } from "../stream/history.js";

const PAGE = 200;
const MAX_SHOWN = 100;
const REPAIR = "system:repair";

export interface Repaired {
  /** Rows whose status changed; 0 when facts and status agreed. */
  readonly changed: number;
  /** The first 100 of them. */
  readonly firstChanges: Change[];
}

/**
 * Converges one job now, or all that are open: each in a transaction of its own, so that one that can't be does not
 * keep the rest from it. That one is told to `onError`, unless it was asked for by name.
 */
export async function repair(
  parts: Pick<EngineParts, "db" | "onError">,
  projectId: string,
  jobId: string | null,
): Promise<Repaired> {
  const databaseId = await readDatabaseId(parts.db);
  const rows: ChangeRow[] = [];
  let changed = 0;
  const one = async (id: string): Promise<void> => {
    const written = await convergeAndRead(parts, id);
    changed += written.changed;
    rows.push(...written.rows.slice(0, MAX_SHOWN - rows.length));
  };
  if (jobId !== null) await one(jobId);
  else {
    for await (const id of openJobs(parts, projectId)) {
      await one(id).catch((error: unknown) => parts.onError(error, `repairing job ${id}`));
    }
  }
  return { changed, firstChanges: rows.map((row) => withCursor(row, "collection", databaseId)) };
}

async function* openJobs({ db }: Pick<EngineParts, "db">, projectId: string): AsyncGenerator<string> {
  for (let after = "00000000-0000-0000-0000-000000000000"; ;) {
    const found: { id: string }[] = await db.query(
      `select id from job where project_id = $1 and status in ('QUEUED', 'PROCESSING', 'CANCELLING') and id > $2
       order by id limit ${PAGE}`,
      [projectId, after],
    );
    for (const { id } of found) yield id;
    if (found.length < PAGE) return;
    after = found.at(-1)!.id;
  }
}

function convergeAndRead({ db }: Pick<EngineParts, "db">, jobId: string) {
  return inTransaction(db, async (tx): Promise<{ changed: number; rows: ChangeRow[] }> => {
    const [answer]: { changed: number }[] = await tx.query("select converge($1, $2) as changed", [jobId, REPAIR]);
    if (!answer || answer.changed === 0) return { changed: 0, rows: [] };
    const rows: ChangeRow[] = await tx.query(
      `select ${CHANGE_COLUMNS} from status_change s where s.tx = pg_current_xact_id() and s.job_id = $1
         or s.tx = pg_current_xact_id() and s.entity_id = (select collection_id from job where id = $1)
       order by s.position limit ${MAX_SHOWN}`,
      [jobId],
    );
    return { changed: answer.changed, rows };
  });
}
