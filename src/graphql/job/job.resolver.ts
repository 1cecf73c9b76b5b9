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
  @Query(() => Job, { nullable: true, description: "The job with this id; null where there is none." })
  job(
    @Arg("id", () => ID, { description: "The id of a job." }) id: string,
    @Ctx() context: GraphContext,
  ): Promise<Job | null> {
    return readJob(context, uuid(id, "id"));
  }

  @Query(() => JobConnection, { description: "Newest first." })
  jobs(
    @Args() page: ListArgs,
    @Arg("filter", () => JobFilter, { nullable: true, description: "Which jobs; all of them when absent." })
    filter: JobFilter | null,
    @Arg("orderBy", () => JobOrder, { nullable: true, description: "How they are sorted; newest first when absent." })
    orderBy: JobOrder | null,
    @Ctx() context: GraphContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Page<Job>> {
    return jobPage(context, requestOf(page, info), filter, orderBy);
  }

  @Mutation(() => SubmitJobPayload, {
    description: "Submits a collection to a pipeline: the job, its tasks and their history are there when it answers.",
  })
  submitJob(
    @Arg("input", () => SubmitJobInput, { description: "What to do with which documents." }) input: SubmitJobInput,
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
    description: "Reopens a settled job as its next run, for what failed or was cancelled.",
  })
  retryJob(
    @Arg("input", () => RetryJobInput, { description: "Which job, and what of it." }) input: RetryJobInput,
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

  @Mutation(() => CancelJobPayload, { description: "Asks for a job to be cancelled; asking again changes nothing." })
  cancelJob(
    @Arg("input", () => CancelJobInput, { description: "Which job, and why." }) input: CancelJobInput,
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

  @FieldResolver(() => Collection, { description: "What was submitted." })
  collection(@Root() { collectionId }: Job, @Ctx() { loaders }: GraphContext): Promise<Collection | null> {
    return loaders.collection.load(collectionId);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: "Where the work stands: the earliest stage that still has open tasks; null once settled.",
  })
  async stage(@Root() job: Job, @Ctx() { loaders }: GraphContext): Promise<string | null> {
    if (job.finishedAt !== null) return null;
    const counts = await loaders.stageCountsOfJob.load(job.id);
    const open = counts.find(({ queued, running }) => queued + running > 0);
    return open?.stage ?? (await loaders.collectionTaskOfJob.load(job.id))?.stage ?? null;
  }

  @FieldResolver(() => Float, {
    description: "Settled documents by documents, 0 to 1; never goes down within one run.",
  })
  progress(@Root() { total, settledPeak, finishedAt }: Job): number {
    if (total === 0) return finishedAt === null ? 0 : 1;
    return settledPeak / total;
  }

  @FieldResolver(() => TaskCounts, { description: "Its document tasks by status, as they stand now." })
  counts(@Root() { total, queued, running, completed, failed, cancelled, skipped }: Job): TaskCounts {
    return { total, waiting: 0, queued, running, completed, failed, cancelled, skipped };
  }

  @FieldResolver(() => [StageCount], { description: "In the order of the stages." })
  stageCounts(@Root() { id }: Job, @Ctx() { loaders }: GraphContext): Promise<StageCount[]> {
    return loaders.stageCountsOfJob.load(id);
  }

  @FieldResolver(() => [ErrorGroup], {
    description: "What has failed as it stands now, by code and stage, the most frequent first; at most 100.",
  })
  errorGroups(@Root() { id }: Job, @Ctx() { loaders }: GraphContext): Promise<ErrorGroup[]> {
    return loaders.errorGroupsOfJob.load(id);
  }

  @FieldResolver(() => TaskConnection, { description: "In document order, the collection task last." })
  tasks(
    @Root() { id }: Job,
    @Args() page: ForwardArgs,
    @Arg("filter", () => TaskFilter, { nullable: true, description: "Which tasks; all of them when absent." })
    filter: TaskFilter | null,
    @Ctx() context: GraphContext,
  ): Promise<Page<Task>> {
    return tasksOfJob(context, id, page, filter);
  }

  @FieldResolver(() => Task, { nullable: true, description: "The task of this document." })
  task(
    @Root() { id }: Job,
    @Arg("documentId", () => ID, { description: "The id of a document of the job." }) documentId: string,
    @Ctx() { loaders }: GraphContext,
  ): Promise<Task | null> {
    return loaders.taskOfDocument.load({ jobId: id, documentId: uuid(documentId, "documentId") });
  }

  @FieldResolver(() => Task, {
    nullable: true,
    description:
      "The task that runs once all document tasks have settled; null where the pipeline has no collection stages.",
  })
  collectionTask(@Root() { id }: Job, @Ctx() { loaders }: GraphContext): Promise<Task | null> {
    return loaders.collectionTaskOfJob.load(id);
  }

  @FieldResolver(() => JobSummary, {
    nullable: true,
    description:
      "What came out of the run: present as soon as the job is settled, whoever asks first; null while it is open.",
  })
  async summary(@Root() { id, finishedAt }: Job, @Ctx() { loaders }: GraphContext): Promise<JobSummary | null> {
    return finishedAt === null ? null : loaders.summary.load(id);
  }

  @FieldResolver(() => WaitingReason, {
    nullable: true,
    description: "Live answer to: why is it not moving? Null when it is moving or settled.",
  })
  waitingOn(@Root() { id, finishedAt }: Job, @Ctx() { loaders }: GraphContext): Promise<WaitingReason | null> | null {
    return finishedAt === null ? loaders.waitingOfJob.load(id) : null;
  }

  @FieldResolver(() => Permission, { description: "Whether retryJob would be taken now." })
  async canRetry(@Root() { id }: Job, @Ctx() { loaders, principal }: GraphContext): Promise<Permission> {
    return permission(whyNotMutate(principal, "retryJob") ?? whyNotRetryJob(await retryStateOf(loaders, id)));
  }

  @FieldResolver(() => Permission, { description: "Whether cancelJob would be taken now." })
  canCancel(@Root() { id, status, finishedAt }: Job, @Ctx() { principal }: GraphContext): Permission {
    const notAllowed = whyNotMutate(principal, "cancelJob");
    if (notAllowed !== null) return permission(notAllowed);
    if (status === "CANCELLING") return permission(`Job ${id} is CANCELLING already.`);
    return permission(whyNotCancel("Job", id, finishedAt === null, status));
  }

  @FieldResolver(() => ArtifactConnection, { description: "By name; of one name the newest accepted." })
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
  @FieldResolver(() => [StageSummary], { description: "In the order of the stages." })
  stages(@Root() summary: JobSummary, @Ctx() { loaders }: GraphContext): Promise<StageSummary[]> {
    return loaders.stagesOfSummary.load(summary);
  }
}

@Resolver(() => Artifact)
export class ArtifactResolver {
  @FieldResolver(() => String, { description: "Where to download it." })
  url(@Root() { id }: Artifact, @Ctx() { publicUrl }: GraphContext): string {
    return `${publicUrl}/artifacts/${id}`;
  }

  @FieldResolver(() => SignedUrl, { description: "Where to download it without a key, such as by a link in a page." })
  signedUrl(
    @Root() { id }: Artifact,
    @Arg("expiresInMinutes", () => Int, {
      defaultValue: DEFAULT_SIGNED_MINUTES,
      nullable: true,
      description: `1 to ${MAX_SIGNED_MINUTES}.`,
    })
    minutes: number | null,
    @Ctx() context: GraphContext,
  ): Promise<SignedUrl> {
    return signedUrl(context, `artifacts/${id}`, minutes ?? DEFAULT_SIGNED_MINUTES);
  }
}
