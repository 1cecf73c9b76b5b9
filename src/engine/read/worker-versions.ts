import type { DataSource } from "typeorm";

/** Which version of each pipeline a worker has, or had. */
export interface WorkerVersions {
  readonly id: string;
  readonly versions: Readonly<Record<string, number>>;
}

/** Of these workers, those that are gone among them. */
export function versionsOfWorkers(
  db: Pick<DataSource, "query">,
  ids: readonly string[],
): Promise<readonly WorkerVersions[]> {
  return db.query(
    `select w.id, (
       select coalesce(jsonb_object_agg(s.pipeline, s.served->'version'), '{}') from jsonb_each(w.serves) s(pipeline, served)
     ) as versions
     from headway.worker w where w.id = any ($1)
     union all
     select p.id, p.versions from headway.past_worker p
     where p.id = any ($1) and not exists (select from headway.worker w where w.id = p.id)`,
    [ids],
  );
}
