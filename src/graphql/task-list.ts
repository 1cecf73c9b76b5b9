import { BadInput } from "../errors.js";
import { OPEN_TASK_STATUSES } from "../lifecycle/status.js";
import { Task } from "../model/task.js";
import type { GraphContext } from "./context.js";
import { oneOf } from "./filters.js";
import { optionalUuid } from "./ids.js";
import type { TaskFilter } from "./inputs.js";
import { narrow } from "./key-scope.js";
import { keysetPage, type Keyset, type Page, type PageRequest } from "./page.js";

const DOCUMENT_ORDER: Keyset = {
  name: "tasks of a job",
  descending: false,
  columns: [{ sql: "t.ordinal", type: "int" }],
};
const NEWEST: Keyset = {
  name: "tasks",
  descending: true,
  columns: [
    { sql: "t.created_at", type: "timestamptz" },
    { sql: "t.id", type: "uuid" },
  ],
};

/** One page of tasks: a job's in document order, the collection task last; others newest first. @throws {BadInput} */
export function taskPage(
  { db, projectId, viewer }: GraphContext,
  page: PageRequest,
  filter: TaskFilter | null,
  ofJob: string | null = null,
): Promise<Page<Task>> {
  const jobId = optionalUuid(filter?.jobId, "filter.jobId");
  const documentId = optionalUuid(filter?.documentId, "filter.documentId");
  const workerId = optionalUuid(filter?.workerId, "filter.workerId");
  const open: readonly string[] = OPEN_TASK_STATUSES;
  const onlyOpen = filter?.status?.every((status) => open.includes(status)) ?? false;
  if (!ofJob && !jobId && !documentId && !workerId && !onlyOpen) {
    throw new BadInput(
      "filter needs a jobId, a documentId, a workerId, or only open statuses (WAITING, QUEUED, RUNNING).",
      { field: "filter" },
    );
  }
  const query = db.getRepository(Task).createQueryBuilder("t").where("t.project_id = :projectId", { projectId });
  narrow(query, viewer.scope, "t.collection_id", "t.job_id");
  if (ofJob) query.andWhere("t.job_id = :ofJob", { ofJob });
  if (jobId) query.andWhere("t.job_id = :jobId", { jobId });
  if (documentId) query.andWhere("t.document_id = :documentId", { documentId });
  if (workerId) query.andWhere("t.worker_id = :workerId", { workerId });
  oneOf(query, "t.status", filter?.status);
  oneOf(query, "t.stage", filter?.stage);
  oneOf(query, "t.error_code", filter?.errorCode);
  return keysetPage(query, (ofJob ?? jobId) ? DOCUMENT_ORDER : NEWEST, page);
}
