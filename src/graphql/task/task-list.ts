import type { SelectQueryBuilder } from "typeorm";
import { BadInput } from "../../errors.js";
import { OPEN_TASK_STATUSES } from "../../lifecycle/status.js";
import { Job } from "../../model/job.js";
import { Task } from "../../model/task.js";
import type { GraphContext } from "../context.js";
import { oneOf } from "../paging/filters.js";
import { optionalUuid } from "../ids.js";
import type { TaskFilter } from "./task.input.js";
import { narrow } from "../../access/key-scope.js";
import { type Keyset, type Page, type PageRequest } from "../paging/page.js";
import { entityList, keysetPage } from "../paging/paged-list.js";

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
export function taskPage(context: GraphContext, page: PageRequest, filter: TaskFilter | null): Promise<Page<Task>> {
  const open: readonly string[] = OPEN_TASK_STATUSES;
  const onlyOpen = filter?.status?.every((status) => open.includes(status)) ?? false;
  if (!filter?.jobId && !filter?.documentId && !filter?.workerId && !onlyOpen) {
    throw new BadInput(
      "filter needs a jobId, a documentId, a workerId, or only open statuses (WAITING, QUEUED, RUNNING).",
      { field: "filter" },
    );
  }
  return keysetPage(context, tasks(context, filter), filter?.jobId ? DOCUMENT_ORDER : NEWEST, page);
}

/** One page of a job's tasks, in document order, the collection task last. @throws {BadInput} */
export async function tasksOfJob(
  context: GraphContext,
  jobId: string,
  page: PageRequest,
  filter: TaskFilter | null,
): Promise<Page<Task>> {
  const query = tasks(context, filter, "p.id");
  return context.loaders.pages.load(entityList({ name: "tasks of a job", filter }, DOCUMENT_ORDER, query), jobId, page);
}

/** One page of what a worker runs now, newest first. @throws {BadInput} */
export async function tasksOfWorker(context: GraphContext, workerId: string, page: PageRequest): Promise<Page<Task>> {
  const query = tasks(context, null).andWhere("t.worker_id = p.id and t.status = 'RUNNING'");
  return context.loaders.pages.load(entityList({ name: "tasks of a worker" }, NEWEST, query), workerId, page);
}

/** The tasks that a filter takes, as `t`; of one job where the list lies below one, which `ofJob` names in SQL. */
function tasks(context: GraphContext, filter: TaskFilter | null, ofJob?: "p.id"): SelectQueryBuilder<Task> {
  const { db, projectId, principal } = context;
  const jobId = optionalUuid(filter?.jobId, "filter.jobId");
  const documentId = optionalUuid(filter?.documentId, "filter.documentId");
  const workerId = optionalUuid(filter?.workerId, "filter.workerId");
  const query = db.getRepository(Task).createQueryBuilder("t");
  const jobs = [...(ofJob ? [ofJob] : []), ...(jobId ? [":jobId"] : [])];
  for (const job of jobs) ofVisibleJob(query, context, job);
  if (jobId) query.setParameters({ jobId });
  if (jobs.length === 0) {
    query.where("t.project_id = :projectId", { projectId });
    narrow(query, principal.scope, "t.collection_id", "t.job_id");
  }
  if (documentId) query.andWhere("t.document_id = :documentId", { documentId });
  // What a worker holds is RUNNING, and what has passed its stages has none: said so, the partial indexes fit.
  if (workerId) query.andWhere("t.worker_id = :workerId and t.status = 'RUNNING'", { workerId });
  if (filter?.stage) query.andWhere("t.status <> 'COMPLETED'");
  oneOf(query, "t.status", filter?.status);
  oneOf(query, "t.stage", filter?.stage);
  oneOf(query, "t.error_code", filter?.errorCode);
  return query;
}

/**
 * Only tasks of a job, where the key sees it. Project, collection and scope are asked of the job, once: a task's are its
 * job's (check_task_parents). Were they asked of each task too, Postgres would expect a single one as long as it has no
 * statistics, and sort all of a new job's for a page: 120 ms of 100,000, for 2.
 */
function ofVisibleJob(query: SelectQueryBuilder<Task>, { db, projectId, principal }: GraphContext, job: string): void {
  const visible = db.getRepository(Job).createQueryBuilder("j").select("1").where(`j.id = ${job}`);
  visible.andWhere("j.project_id = :projectId", { projectId });
  narrow(visible, principal.scope, "j.collection_id", "j.id");
  query.andWhere(`t.job_id = ${job} and exists (${visible.getQuery()})`).setParameters(visible.getParameters());
}
