import { eachPageById } from "../../database/each-page.js";
import { inTransaction } from "../../database/transaction.js";
import type { StatusChange } from "../../model/status-change.js";
import type { EngineDeps } from "../engine.js";
import { CHANGE_COLUMNS, readDatabaseId, withCursor, type ChangeRow } from "../stream/history.js";

const PAGE = 200;
const MAX_SHOWN = 100;
const REPAIR = "system:repair";

export interface Repaired {
  /** Rows whose status changed; 0 when facts and status agreed. */
  readonly changed: number;
  /** The first 100 of them. */
  readonly firstChanges: StatusChange[];
}

/**
 * Converges one job now, or all that are open: each in a transaction of its own, so that one that can't be does not
 * keep the rest from it. That one is told to `onError`, unless it was asked for by name.
 */
export async function repair(
  deps: Pick<EngineDeps, "db" | "onError">,
  projectId: string,
  jobId: string | null,
): Promise<Repaired> {
  const databaseId = await readDatabaseId(deps.db);
  const rows: ChangeRow[] = [];
  let changed = 0;
  const one = async (id: string): Promise<void> => {
    const written = await convergeAndRead(deps, id);
    changed += written.changed;
    rows.push(...written.rows.slice(0, MAX_SHOWN - rows.length));
  };
  if (jobId !== null) await one(jobId);
  else {
    for await (const id of openJobs(deps, projectId)) {
      await one(id).catch((error: unknown) => deps.onError(error, `repairing job ${id}`));
    }
  }
  return { changed, firstChanges: rows.map((row) => withCursor(row, "collection", databaseId)) };
}

async function* openJobs({ db }: Pick<EngineDeps, "db">, projectId: string): AsyncGenerator<string> {
  const open = eachPageById<{ id: string }>(PAGE, (after, limit) =>
    db.query(
      `select id from headway.job where project_id = $1 and status in ('QUEUED', 'PROCESSING', 'CANCELLING') and id > $2
       order by id limit $3`,
      [projectId, after, limit],
    ),
  );
  for await (const rows of open) for (const { id } of rows) yield id;
}

function convergeAndRead({ db }: Pick<EngineDeps, "db">, jobId: string) {
  return inTransaction(db, async (tx): Promise<{ changed: number; rows: ChangeRow[] }> => {
    const [answer]: { changed: number }[] = await tx.query("select headway.converge($1, $2) as changed", [
      jobId,
      REPAIR,
    ]);
    if (!answer || answer.changed === 0) return { changed: 0, rows: [] };
    const rows: ChangeRow[] = await tx.query(
      `select ${CHANGE_COLUMNS} from headway.status_change s 
       where s.project_id = (select project_id from headway.job where id = $1) and s.tx = pg_current_xact_id()
         and (s.job_id = $1 or s.entity_id = (select collection_id from headway.job where id = $1))
       order by s.position limit ${MAX_SHOWN}`,
      [jobId],
    );
    return { changed: answer.changed, rows };
  });
}
