import type { DataSource } from "typeorm";

/**
 * Why no request that writes can be served by this database just then; null where nothing is in the way. A name or a
 * balancer may lead to a standby by now, where reading works and everything else does not.
 */
export async function whyNoWrites(db: DataSource): Promise<string | null> {
  const rows: { standby: boolean }[] = await db.query("select pg_is_in_recovery() as standby");
  return rows[0]!.standby ? "it is a standby that takes no writes" : null;
}
