import type pg from "pg";
import { HeadwayError } from "../errors.js";

/** Sends one statement over the connection that migrates. */
export type Query = <R extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<R[]>;

/** Two times what triggers may wait for their tables: another process may be at just that. */
const DEADLINE_MS = 120_000;
const TRY_EVERY_MS = 100;
/** Whoever has to wait for longer is told for whom. */
const SILENT_MS = 1_000;

export interface LockWait {
  /** Told once, when it takes long. */
  readonly onWait?: (sentence: string) => void;
  readonly deadlineMs?: number;
}

/**
 * One process migrates a schema at a time. A lock of the transaction: one of the session would stay behind on a server
 * connection that a pooler gives to others, and the next start would wait for it forever. It is tried again and again
 * rather than waited for, so that the transaction lives on to ask who holds it.
 * @throws {HeadwayError} MIGRATION_LOCKED naming who holds it, when it does not come for long
 */
export async function takeMigrationLock(query: Query, schema: string, wait: LockWait = {}): Promise<void> {
  const { onWait, deadlineMs = DEADLINE_MS } = wait;
  const key = `headway migrate ${schema}`;
  const startedAt = performance.now();
  let told = false;
  for (;;) {
    const [{ taken }] = (await query("select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as taken", [key])) as [
      { taken: boolean },
    ];
    if (taken) return;
    const waitedMs = performance.now() - startedAt;
    if (waitedMs >= deadlineMs) {
      throw new HeadwayError(
        "MIGRATION_LOCKED",
        `The schema "${schema}" is being migrated by ${await holder(query, key)} and did not finish within ${Math.round(deadlineMs / 1_000)} s; wait for it, or stop it, and start again.`,
      );
    }
    if (!told && waitedMs >= SILENT_MS) {
      told = true;
      onWait?.(`waiting for the migration of schema "${schema}" by ${await holder(query, key)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
  }
}

/** Who holds the lock, for people. A lock with a 64-bit key is listed by its two halves. */
async function holder(query: Query, key: string): Promise<string> {
  const [found] = await query<{ pid: number; name: string | null; address: string | null; since: Date | null }>(
    `select l.pid, nullif(a.application_name, '') as name, host(a.client_addr) as address, a.xact_start as since
     from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1
       and l.database = (select oid from pg_database where datname = current_database())
       and (l.classid::bigint << 32) | l.objid::bigint = hashtextextended($1, 0)`,
    [key],
  );
  if (!found) return "a process that has just ended";
  const { pid, name, address, since } = found;
  return `server process ${pid} (${name ?? "no application name"}, from ${address ?? "this machine"}, since ${since?.toISOString() ?? "an unknown time"})`;
}
