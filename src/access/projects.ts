import type { DataSource } from "typeorm";
import { v7 as uuidv7 } from "uuid";
import { sqlStateOf } from "../database/transaction.js";

/** The project `default`, which is there from the first schema on. */
export const DEFAULT_PROJECT_ID = "00000000-0000-7000-8000-000000000001";

/** The id of the project of that name, which is made when it is new. */
export async function projectNamed(
  db: Pick<DataSource, "query">,
  name: string,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const id = uuidv7();
  try {
    await db.query("insert into headway.project (id, name) values ($1, $2)", [id, name]);
    return { id, isNew: true };
  } catch (error) {
    if (sqlStateOf(error) !== "23505") throw error;
    const rows: { id: string }[] = await db.query("select id from headway.project where name = $1", [name]);
    return { id: rows[0]!.id, isNew: false };
  }
}
