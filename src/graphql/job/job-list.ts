import type { SelectQueryBuilder } from "typeorm";
import { Job } from "../../model/job.js";
import type { GraphContext } from "../context.js";
import { createdBetween, oneOf } from "../paging/filters.js";
import { optionalUuid } from "../ids.js";
import type { JobFilter, JobOrder } from "./job.input.js";
import { narrow } from "../../access/key-scope.js";
import { type Keyset, type Page, type PageRequest } from "../paging/page.js";
import { entityList, keysetPage } from "../paging/paged-list.js";

const CREATED = { sql: "t.created_at", type: "timestamptz" } as const;
const ID = { sql: "t.id", type: "uuid" } as const;
const COLUMNS: Record<JobOrder["field"], Keyset["columns"]> = {
  CREATED_AT: [CREATED, ID],
  STATUS_CHANGED_AT: [{ sql: "t.status_changed_at", type: "timestamptz" }, ID],
  PRIORITY: [{ sql: "t.priority", type: "int" }, CREATED, ID],
};
const NEWEST: Keyset = { name: "jobs CREATED_AT DESC", descending: true, columns: COLUMNS.CREATED_AT };

/** One page of the project's jobs; newest first unless ordered otherwise. @throws {BadInput} */
export function jobPage(
  context: GraphContext,
  page: PageRequest,
  filter: JobFilter | null,
  order: JobOrder | null,
): Promise<Page<Job>> {
  const { field, direction } = order ?? { field: "CREATED_AT", direction: "DESC" };
  return keysetPage(
    context,
    jobsWhere(context, filter),
    { name: `jobs ${field} ${direction}`, descending: direction === "DESC", columns: COLUMNS[field] },
    page,
  );
}

/** One page of a collection's jobs, newest first. @throws {BadInput} */
export async function jobsOfCollection(
  context: GraphContext,
  collectionId: string,
  page: PageRequest,
  filter: JobFilter | null,
): Promise<Page<Job>> {
  const query = jobsWhere(context, filter).andWhere("t.collection_id = p.id");
  const list = entityList({ name: "jobs of a collection", filter }, NEWEST, query);
  return context.loaders.pages.load(list, collectionId, page);
}

/** The project's jobs that a filter takes, as `t`: all that is given must hold. @throws {BadInput} */
export function jobsWhere(
  { db, projectId, principal, deps }: GraphContext,
  filter: JobFilter | null,
): SelectQueryBuilder<Job> {
  const query = db.getRepository(Job).createQueryBuilder("t").where("t.project_id = :projectId", { projectId });
  narrow(query, principal.scope, "t.collection_id", "t.id");
  const wanted = optionalUuid(filter?.collectionId, "filter.collectionId");
  if (wanted !== null) query.andWhere("t.collection_id = :wanted", { wanted });
  oneOf(query, "t.status", filter?.status);
  oneOf(query, "t.pipeline", filter?.pipeline);
  if (filter?.tags)
    query.andWhere("t.tags @> cast(:tags as text[])", { tags: filter.tags.map((tag) => tag.replaceAll("\0", "")) });
  createdBetween(query, filter);
  if (filter?.stuck !== null && filter?.stuck !== undefined) {
    query.andWhere(`t.id ${filter.stuck ? "in" : "not in"} (select headway.stuck_jobs(:projectId, :sweepMs))`, {
      sweepMs: deps.sweepMs,
    });
  }
  return query;
}
