import type { DataSource } from "typeorm";

/** Of each of these collections whether it has expired, or is to though the sweep has not come to it yet. */
export async function areExpiring(
  db: Pick<DataSource, "query">,
  projectId: string,
  ids: readonly string[],
): Promise<boolean[]> {
  const rows: { id: string }[] = await db.query(
    `select c.id from headway.collection c where c.id = any ($1) and c.project_id = $2 and (c.status = 'EXPIRED' or headway.is_expiry_due(c))`,
    [ids, projectId],
  );
  const expiring = new Set(rows.map(({ id }) => id));
  return ids.map((id) => expiring.has(id));
}
