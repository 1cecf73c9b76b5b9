import type { Principal } from "../../access/principal.js";
import { ofJob } from "../../engine/stream/history.js";
import { optionalUuid } from "../ids.js";
import type { ChangeList } from "./history-page.js";
import type { HistoryFilter } from "./history.input.js";

/** The changes that a filter takes. Within one collection cursors are the collection's, else the project's. */
export function historyList(
  { projectId, scope }: Pick<Principal, "projectId" | "scope">,
  filter: HistoryFilter | null,
): ChangeList {
  const parameters: unknown[] = [projectId];
  const conditions = ["s.project_id = $1"];
  const add = (condition: (place: string) => string, value: unknown): void => {
    parameters.push(value);
    conditions.push(condition(`$${parameters.length}`));
  };
  const collectionId = optionalUuid(filter?.collectionId, "filter.collectionId");
  const jobId = optionalUuid(filter?.jobId, "filter.jobId");
  const taskId = optionalUuid(filter?.taskId, "filter.taskId");
  if (collectionId) add((place) => `s.collection_id = ${place}`, collectionId);
  if (jobId) add((place) => ofJob(place, "$1"), jobId);
  if (taskId) add((place) => `s.entity_id = ${place}`, taskId);
  if (filter?.entityType) add((place) => `s.entity_type = any (${place})`, filter.entityType);
  if (filter?.toStatus) add((place) => `s.to_status = any (${place})`, filter.toStatus);
  if (filter?.reason) add((place) => `s.reason = any (${place})`, filter.reason);
  if (filter?.since) add((place) => `s.at >= ${place}`, filter.since);
  if (scope) add((place) => `s.collection_id = ${place}`, scope.collectionId);
  if (scope?.jobId) add((place) => ofJob(place, "$1"), scope.jobId);
  const isScoped = scope !== null || (collectionId ?? jobId ?? taskId) !== null;
  return { where: conditions.join(" and "), parameters, kind: isScoped ? "collection" : "project" };
}
