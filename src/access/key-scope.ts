import type { ObjectLiteral, SelectQueryBuilder } from "typeorm";
import type { KeyScope } from "./keys.js";

/** Where something belongs; what is of a collection but of no job (the collection, its documents) has no jobId. */
interface Place {
  readonly collectionId: string;
  readonly jobId?: string;
}

/** Whether a key of this scope sees it. A key of one job sees its collection and documents, and no other job. */
export function isVisible(scope: KeyScope | null, { collectionId, jobId }: Place): boolean {
  if (scope === null) return true;
  if (collectionId !== scope.collectionId) return false;
  return scope.jobId === null || jobId === undefined || jobId === scope.jobId;
}

/** Leaves in a list only what a key of this scope sees; `jobColumn` where the rows belong to jobs. */
export function narrow<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  scope: KeyScope | null,
  collectionColumn: string,
  jobColumn?: string,
): SelectQueryBuilder<T> {
  if (scope === null) return query;
  query.andWhere(`${collectionColumn} = :scopeCollection`, { scopeCollection: scope.collectionId });
  if (scope.jobId !== null && jobColumn) query.andWhere(`${jobColumn} = :scopeJob`, { scopeJob: scope.jobId });
  return query;
}
