import type { GraphQLResolveInfo } from "graphql";
import { Arg, Args, Ctx, FieldResolver, Float, ID, Info, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import { cancelJob } from "../../engine/cancel/cancel.js";
import { whyNotCancel, whyNotRetryJob } from "../../engine/permissions.js";
import { retryJob } from "../../engine/retry/retry.js";
import { submitJob } from "../../engine/submit/submit.js";
import type { UserFault } from "../../errors.js";
import { Artifact } from "../../model/artifact.js";
import { Collection } from "../../model/collection.js";
import { ErrorGroup, JobSummary, StageSummary } from "../../model/job-summary.js";
import { Job, StageCount, TaskCounts } from "../../model/job.js";
import { SignedUrl } from "../../model/signed-url.js";
import { Task } from "../../model/task.js";
import { Permission, permission, WaitingReason } from "../../model/waiting.js";
import { MAX_SIGNED_MINUTES } from "../../access/signed-address.js";
import { whyNotMutate } from "../../access/principal.js";
import { ArtifactConnection, JobConnection, TaskConnection } from "../paging/connections.js";
import { assertSeen } from "../access/own-part.js";
import type { GraphContext } from "../context.js";
import { payload } from "../errors.js";
import { idOf } from "../../engine/input.js";
import { uuid } from "../ids.js";
import { DEFAULT_SIGNED_MINUTES, signedUrl } from "../signed-url.js";
import { CancelJobInput, JobFilter, JobOrder, RetryJobInput, SubmitJobInput } from "./job.input.js";
import { TaskFilter } from "../task/task.input.js";
import { jobPage } from "./job-list.js";
import { ForwardArgs, ListArgs, requestOf } from "../paging/list-args.js";
import { retryStateOf } from "./retry-state.js";
import { readJob } from "./read-job.js";
import type { Page } from "../paging/page.js";
import { CancelJobPayload, RetryJobPayload, SubmitJobPayload } from "./job.payload.js";
import { tasksOfJob } from "../task/task-list.js";
import { entityList } from "../paging/paged-list.js";

const ARTIFACTS_BY_NAME = { name: "artifacts", descending: false, columns: [{ sql: "t.name", type: "text" }] } as const;

@Resolver(() => Job)
export class JobResolver {
  @Query(() => Job, {
    nullable: true,
    description: "Job with this ID; null if it does not exist or the key has no access to it.",
  })
  job(
    @Arg("id", () => ID, { description: "ID of a job." }) id: string,
    @Ctx() context: GraphContext,
  ): Promise<Job | null> {
    return readJob(context, uuid(id, "id"));
  }

  @Query(() => JobConnection, { description: "Jobs of the project, newest first unless `orderBy` is given." })
  jobs(
    @Args() page: ListArgs,
    @Arg("filter", () => JobFilter, { nullable: true, description: "Filter; all jobs if absent." })
    filter: JobFilter | null,
    @Arg("orderBy", () => JobOrder, { nullable: true, description: "Sort order. Default: newest first." })
    orderBy: JobOrder | null,
    @Ctx() context: GraphContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Page<Job>> {
    return jobPage(context, requestOf(page, info), filter, orderBy);
  }

  @Mutation(() => SubmitJobPayload, {
    description:
      "Submits a collection to a pipeline. The job and its tasks are stored when the request returns. Requires OPERATOR, or a browser key with SUBMIT. Errors: NOT_FOUND, UNKNOWN_PIPELINE, INVALID_OPTIONS, INVALID_INPUT, NO_DOCUMENTS, ACTIVE_JOB_EXISTS, COLLECTION_EXPIRED, IDEMPOTENCY_CONFLICT.",
  })
  submitJob(
    @Arg("input", () => SubmitJobInput, { description: "The collection, the pipeline and its options." })
    input: SubmitJobInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    const { deps, actor, loaders } = context;
    const openJob = async ({ code, details }: UserFault): Promise<{ job?: Job | null }> =>
      code === "ACTIVE_JOB_EXISTS" && typeof details.jobId === "string"
        ? { job: await loaders.job.load(details.jobId) }
        : {};
    return payload(
      { job: null, deduplicated: false },
      async () => {
        const { jobId, deduplicated } = await submitJob(deps, actor, input);
        return {
          get job() {
            return loaders.job.load(jobId);
          },
          deduplicated,
        };
      },
      openJob,
    );
  }

  @Mutation(() => RetryJobPayload, {
    description:
      "Starts the next run of a settled job, for its failed and cancelled tasks. Requires OPERATOR, or a browser key with RETRY. Errors: NOT_FOUND, NOT_RETRYABLE, COLLECTION_EXPIRED.",
  })
  retryJob(
    @Arg("input", () => RetryJobInput, { description: "The job, and which of its tasks." }) input: RetryJobInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    const { deps, actor, loaders } = context;
    return payload({ job: null, retriedTasks: 0 }, async () => {
      const jobId = idOf(input.jobId, ["jobId"]);
      await assertSeen(context, "job", jobId);
      const { retriedTasks } = await retryJob(deps, actor, { ...input, jobId, from: input.from ?? "FAILED_STAGE" });
      return {
        get job() {
          return loaders.job.load(jobId);
        },
        retriedTasks,
      };
    });
  }

  @Mutation(() => CancelJobPayload, {
    description:
      "Requests that a job be cancelled. Repeating the request has no effect. Requires OPERATOR, or a browser key with CANCEL. Errors: NOT_FOUND, NOT_CANCELLABLE.",
  })
  cancelJob(
    @Arg("input", () => CancelJobInput, { description: "The job, and a reason." }) input: CancelJobInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    const { deps, actor, loaders } = context;
    return payload({ job: null }, async () => {
      const jobId = idOf(input.jobId, ["jobId"]);
      await assertSeen(context, "job", jobId);
      const id = await cancelJob(deps, actor, { ...input, jobId });
      return {
        get job() {
          return loaders.job.load(id);
        },
      };
    });
  }

  @FieldResolver(() => Collection, { description: "Collection that was submitted." })
  collection(@Root() { collectionId }: Job, @Ctx() { loaders }: GraphContext): Promise<Collection | null> {
    return loaders.collection.load(collectionId);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: "Earliest stage that still has open tasks; null once the job has settled.",
  })
  async stage(@Root() job: Job, @Ctx() { loaders }: GraphContext): Promise<string | null> {
    if (job.finishedAt !== null) return null;
    const counts = await loaders.stageCountsOfJob.load(job.id);
    const open = counts.find(({ queued, running }) => queued + running > 0);
    return open?.stage ?? (await loaders.collectionTaskOfJob.load(job.id))?.stage ?? null;
  }

  @FieldResolver(() => Float, {
    description: "Share of document tasks that have settled, 0 to 1. Never decreases within a run.",
  })
  progress(@Root() { total, settledPeak, finishedAt }: Job): number {
    if (total === 0) return finishedAt === null ? 0 : 1;
    return settledPeak / total;
  }

  @FieldResolver(() => TaskCounts, { description: "Number of document tasks by status, now." })
  counts(@Root() { total, queued, running, completed, failed, cancelled, skipped }: Job): TaskCounts {
    return { total, waiting: 0, queued, running, completed, failed, cancelled, skipped };
  }

  @FieldResolver(() => [StageCount], { description: "Numbers of tasks per stage, in the order of the stages." })
  stageCounts(@Root() { id }: Job, @Ctx() { loaders }: GraphContext): Promise<StageCount[]> {
    return loaders.stageCountsOfJob.load(id);
  }

  @FieldResolver(() => [ErrorGroup], {
    description: "Failed tasks now, grouped by error code and stage, most frequent first. At most 100 groups.",
  })
  errorGroups(@Root() { id }: Job, @Ctx() { loaders }: GraphContext): Promise<ErrorGroup[]> {
    return loaders.errorGroupsOfJob.load(id);
  }

  @FieldResolver(() => TaskConnection, { description: "Tasks in document order, with the collection task last." })
  tasks(
    @Root() { id }: Job,
    @Args() page: ForwardArgs,
    @Arg("filter", () => TaskFilter, { nullable: true, description: "Filter; all tasks if absent." })
    filter: TaskFilter | null,
    @Ctx() context: GraphContext,
  ): Promise<Page<Task>> {
    return tasksOfJob(context, id, page, filter);
  }

  @FieldResolver(() => Task, { nullable: true, description: "Task of this document; null if the job has none." })
  task(
    @Root() { id }: Job,
    @Arg("documentId", () => ID, { description: "ID of a document of the job." }) documentId: string,
    @Ctx() { loaders }: GraphContext,
  ): Promise<Task | null> {
    return loaders.taskOfDocument.load({ jobId: id, documentId: uuid(documentId, "documentId") });
  }

  @FieldResolver(() => Task, {
    nullable: true,
    description:
      "Task that runs the collection stages after all document tasks have settled; null if the pipeline has no collection stages.",
  })
  collectionTask(@Root() { id }: Job, @Ctx() { loaders }: GraphContext): Promise<Task | null> {
    return loaders.collectionTaskOfJob.load(id);
  }

  @FieldResolver(() => JobSummary, {
    nullable: true,
    description: "Summary of the run, available as soon as the job has settled; null while it is open.",
  })
  async summary(@Root() { id, finishedAt }: Job, @Ctx() { loaders }: GraphContext): Promise<JobSummary | null> {
    return finishedAt === null ? null : loaders.summary.load(id);
  }

  @FieldResolver(() => WaitingReason, {
    nullable: true,
    description: "Why the job makes no progress now; null if it makes progress or has settled.",
  })
  waitingOn(@Root() { id, finishedAt }: Job, @Ctx() { loaders }: GraphContext): Promise<WaitingReason | null> | null {
    return finishedAt === null ? loaders.waitingOfJob.load(id) : null;
  }

  @FieldResolver(() => Permission, { description: "Whether `retryJob` would be accepted now." })
  async canRetry(@Root() { id }: Job, @Ctx() { loaders, principal }: GraphContext): Promise<Permission> {
    return permission(whyNotMutate(principal, "retryJob") ?? whyNotRetryJob(await retryStateOf(loaders, id)));
  }

  @FieldResolver(() => Permission, { description: "Whether `cancelJob` would be accepted now." })
  canCancel(@Root() { id, status, finishedAt }: Job, @Ctx() { principal }: GraphContext): Permission {
    const notAllowed = whyNotMutate(principal, "cancelJob");
    if (notAllowed !== null) return permission(notAllowed);
    if (status === "CANCELLING") return permission(`Job ${id} is CANCELLING already.`);
    return permission(whyNotCancel("Job", id, finishedAt === null, status));
  }

  @FieldResolver(() => ArtifactConnection, {
    description: "Artifacts by name. If several have the same name, only the newest accepted one is returned.",
  })
  artifacts(
    @Root() { id }: Job,
    @Args() page: ForwardArgs,
    @Ctx() { db, projectId, loaders }: GraphContext,
  ): Promise<Page<Artifact>> {
    const query = db
      .getRepository(Artifact)
      .createQueryBuilder("t")
      .where("t.job_id = p.id and t.project_id = :projectId and t.accepted", { projectId })
      .andWhere(
        "not exists (select from headway.artifact n where n.job_id = t.job_id and n.name = t.name and n.accepted and n.id > t.id)",
      );
    return loaders.pages.load(entityList({ name: "artifacts of a job" }, ARTIFACTS_BY_NAME, query), id, page);
  }
}

@Resolver(() => JobSummary)
export class JobSummaryResolver {
  @FieldResolver(() => [StageSummary], {
    description: "Number of runs and durations per stage, in the order of the stages.",
  })
  stages(@Root() summary: JobSummary, @Ctx() { loaders }: GraphContext): Promise<StageSummary[]> {
    return loaders.stagesOfSummary.load(summary);
  }
}

@Resolver(() => Artifact)
export class ArtifactResolver {
  @FieldResolver(() => String, { description: "URL for downloading the file with a key." })
  url(@Root() { id }: Artifact, @Ctx() { publicUrl }: GraphContext): string {
    return `${publicUrl}/artifacts/${id}`;
  }

  @FieldResolver(() => SignedUrl, {
    description: "Signed URL for downloading the file without a key, such as from a link in a page.",
  })
  signedUrl(
    @Root() { id }: Artifact,
    @Arg("expiresInMinutes", () => Int, {
      defaultValue: DEFAULT_SIGNED_MINUTES,
      nullable: true,
      description: `Lifetime of the URL in minutes, 1 to ${MAX_SIGNED_MINUTES}.`,
    })
    minutes: number | null,
    @Ctx() context: GraphContext,
  ): Promise<SignedUrl> {
    return signedUrl(context, `artifacts/${id}`, minutes ?? DEFAULT_SIGNED_MINUTES);
  }
}
