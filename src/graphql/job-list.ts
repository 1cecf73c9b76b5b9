import { Job } from "../model/job.js";
import type { GraphContext } from "./context.js";
import { createdBetween, oneOf } from "./filters.js";
import { optionalUuid } from "./ids.js";
import type { JobFilter, JobOrder } from "./inputs.js";
import { narrow } from "./key-scope.js";
import { keysetPage, type Keyset, type Page, type PageRequest } from "./page.js";

const CREATED = { sql: "t.created_at", type: "timestamptz" } as const;
const ID = { sql: "t.id", type: "uuid" } as const;
const COLUMNS: Record<JobOrder["field"], Keyset["columns"]> = {
  CREATED_AT: [CREATED, ID],
  STATUS_CHANGED_AT: [{ sql: "t.status_changed_at", type: "timestamptz" }, ID],
  PRIORITY: [{ sql: "t.priority", type: "int" }, CREATED, ID],
};

/** One page of jobs, of the project or of one collection; newest first unless ordered otherwise. */
export function jobPage(
  { db, projectId, viewer, parts }: GraphContext,
  page: PageRequest,
  filter: JobFilter | null,
  order: JobOrder | null,
  collectionId: string | null = null,
): Promise<Page<Job>> {
  const query = db.getRepository(Job).createQueryBuilder("t").where("t.project_id = :projectId", { projectId });
  narrow(query, viewer.scope, "t.collection_id", "t.id");
  if (collectionId !== null) query.andWhere("t.collection_id = :own", { own: collectionId });
  const wanted = optionalUuid(filter?.collectionId, "filter.collectionId");
  if (wanted !== null) query.andWhere("t.collection_id = :wanted", { wanted });
  oneOf(query, "t.status", filter?.status);
  oneOf(query, "t.pipeline", filter?.pipeline);
  if (filter?.tags)
    query.andWhere("t.tags @> cast(:tags as text[])", { tags: filter.tags.map((tag) => tag.replaceAll("\0", "")) });
  createdBetween(query, filter);
  if (filter?.stuck !== null && filter?.stuck !== undefined) {
    query.andWhere(`t.id ${filter.stuck ? "in" : "not in"} (select stuck_jobs(:projectId, :sweepMs))`, {
      sweepMs: parts.sweepMs,
    });
  }
  const { field, direction } = order ?? { field: "CREATED_AT", direction: "DESC" };
  return keysetPage(
    query,
    { name: `jobs ${field} ${direction}`, descending: direction === "DESC", columns: COLUMNS[field] },
    page,
  );
}
