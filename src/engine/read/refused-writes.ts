import type { DataSource } from "typeorm";
import { RefusedWrite } from "../../model/task.js";

/** The newest 20 refused writes of each of these tasks, the newest first. */
export async function refusedWritesOf(
  db: DataSource,
  projectId: string,
  taskIds: readonly string[],
): Promise<RefusedWrite[]> {
  const found: { id: string }[] = await db.query(
    `select w.id from unnest($1::uuid[]) as t(id) cross join lateral (
       select id from headway.refused_write where task_id = t.id and project_id = $2 order by id desc limit 20) w`,
    [taskIds, projectId],
  );
  const ids = found.map(({ id }) => id);
  return db
    .getRepository(RefusedWrite)
    .createQueryBuilder("w")
    .where("w.id = any(:ids)", { ids })
    .orderBy("w.id", "DESC")
    .getMany();
}
