import type { GraphQLResolveInfo } from "graphql";
import { Arg, Args, Ctx, FieldResolver, ID, Info, Mutation, Query, Resolver, Root } from "type-graphql";
import { cancelTask } from "../../engine/cancel/cancel.js";
import { whyNotCancel, whyNotRetryTask } from "../../engine/permissions.js";
import { retryTask } from "../../engine/retry/retry.js";
import { Document } from "../../model/document.js";
import { Job } from "../../model/job.js";
import { Permission, permission, WaitingReason } from "../../model/waiting.js";
import { RefusedWrite, StageRun, Task, TaskError } from "../../model/task.js";
import { ServedPipeline, Worker } from "../../model/worker.js";
import { TaskConnection } from "../paging/connections.js";
import { whyNotMutate } from "../../access/principal.js";
import { assertSeen } from "../access/own-part.js";
import type { GraphContext } from "../context.js";
import { retryStateOf } from "../job/retry-state.js";
import { payload } from "../errors.js";
import { idOf } from "../../engine/input.js";
import { uuid } from "../ids.js";
import { CancelTaskInput, RetryTaskInput, TaskFilter } from "./task.input.js";
import { ForwardArgs, ListArgs, requestOf } from "../paging/list-args.js";
import type { Page } from "../paging/page.js";
import { CancelTaskPayload, RetryTaskPayload } from "./task.payload.js";
import { stageRuns, workerIdOf } from "../../engine/read/stage-runs.js";
import { taskPage, tasksOfWorker } from "./task-list.js";

@Resolver(() => Task)
export class TaskResolver {
  @Query(() => Task, {
    nullable: true,
    description: "Task with this ID; null if it does not exist or the key has no access to it.",
  })
  task(
    @Arg("id", () => ID, { description: "ID of a task." }) id: string,
    @Ctx() { loaders }: GraphContext,
  ): Promise<Task | null> {
    return loaders.task.load(uuid(id, "id"));
  }

  @Query(() => TaskConnection, { description: "Tasks of a job in document order; otherwise newest first." })
  tasks(
    @Args() page: ListArgs,
    @Arg("filter", () => TaskFilter, {
      nullable: true,
      description: "Filter; see `TaskFilter` for required fields.",
    })
    filter: TaskFilter | null,
    @Ctx() context: GraphContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Page<Task>> {
    return taskPage(context, requestOf(page, info), filter);
  }

  @Mutation(() => RetryTaskPayload, {
    description:
      "Retries one document task. A settled job starts its next run. Requires OPERATOR, or a browser key with RETRY. Errors: NOT_FOUND, NOT_RETRYABLE, COLLECTION_EXPIRED.",
  })
  retryTask(
    @Arg("input", () => RetryTaskInput, { description: "The task, and the stage at which it starts." })
    input: RetryTaskInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    const { deps, actor, loaders } = context;
    return payload({ task: null }, async () => {
      const taskId = idOf(input.taskId, ["taskId"]);
      await assertSeen(context, "task", taskId);
      const id = await retryTask(deps, actor, { ...input, taskId, from: input.from ?? "FAILED_STAGE" });
      return {
        get task() {
          return loaders.task.load(id);
        },
      };
    });
  }

  @Mutation(() => CancelTaskPayload, {
    description:
      "Requests that one task be cancelled. Other tasks of the job continue. Requires OPERATOR, or a browser key with CANCEL. Errors: NOT_FOUND, NOT_CANCELLABLE.",
  })
  cancelTask(
    @Arg("input", () => CancelTaskInput, { description: "The task, and a reason." }) input: CancelTaskInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    const { deps, actor, loaders } = context;
    return payload({ task: null }, async () => {
      const taskId = idOf(input.taskId, ["taskId"]);
      await assertSeen(context, "task", taskId);
      const id = await cancelTask(deps, actor, { ...input, taskId });
      return {
        get task() {
          return loaders.task.load(id);
        },
      };
    });
  }

  @FieldResolver(() => Job, { description: "Job that the task is part of." })
  job(@Root() { jobId }: Task, @Ctx() { loaders }: GraphContext): Promise<Job | null> {
    return loaders.job.load(jobId);
  }

  @FieldResolver(() => Document, {
    nullable: true,
    description: "Document of the task; null for the collection task and if the document was removed.",
  })
  async document(@Root() { documentId }: Task, @Ctx() { loaders }: GraphContext): Promise<Document | null> {
    return documentId === null ? null : loaders.document.load(documentId);
  }

  @FieldResolver(() => [RefusedWrite], {
    description: "Late writes that were rejected because the worker had lost its lease; the newest 20.",
  })
  refusedWrites(@Root() { id }: Task, @Ctx() { loaders }: GraphContext): Promise<RefusedWrite[]> {
    return loaders.refusedWritesOfTask.load(id);
  }

  @FieldResolver(() => Worker, {
    nullable: true,
    description: "Worker that holds the lease; null if there is none, and for keys limited to a collection or job.",
  })
  async worker(@Root() { workerId }: Task, @Ctx() { loaders }: GraphContext): Promise<Worker | null> {
    return workerId === null ? null : loaders.worker.load(workerId);
  }

  @FieldResolver(() => TaskError, {
    nullable: true,
    description: "Error of the last failed attempt, if the task failed or will run again; null otherwise.",
  })
  error(@Root() { errorCode, errorMessage, errorStage, errorRetryable, errorStack }: Task): TaskError | null {
    if (errorCode === null) return null;
    const [message, retryable] = [errorMessage ?? "", errorRetryable ?? false];
    return { code: errorCode, message, stage: errorStage, retryable, stack: errorStack };
  }

  @FieldResolver(() => [StageRun], { description: "Stage runs, one per stage and attempt, in order." })
  async stages(@Root() { id, pipeline }: Task, @Ctx() { loaders }: GraphContext): Promise<StageRun[]> {
    const runs = stageRuns(await loaders.historyOfTask.load(id)).map(async (run) => {
      const workerId = workerIdOf(run.worker);
      const worker = workerId === null ? null : await loaders.versionsOfWorker.load(workerId);
      return { ...run, taskId: id, pipelineVersion: worker?.versions[pipeline] ?? null };
    });
    return Promise.all(runs);
  }

  @FieldResolver(() => WaitingReason, {
    nullable: true,
    description: "Why the task makes no progress now; null if it makes progress or has settled.",
  })
  waitingOn(@Root() { id, finishedAt }: Task, @Ctx() { loaders }: GraphContext): Promise<WaitingReason | null> | null {
    return finishedAt === null ? loaders.waitingOfTask.load(id) : null;
  }

  @FieldResolver(() => Permission, { description: "Whether `retryTask` would be accepted now." })
  async canRetry(@Root() task: Task, @Ctx() { loaders, principal }: GraphContext): Promise<Permission> {
    const notAllowed = whyNotMutate(principal, "retryTask");
    return permission(notAllowed ?? whyNotRetryTask(task.id, task, await retryStateOf(loaders, task.jobId)));
  }

  @FieldResolver(() => Permission, { description: "Whether `cancelTask` would be accepted now." })
  canCancel(
    @Root() { id, status, finishedAt, cancelRequestedAt }: Task,
    @Ctx() { principal }: GraphContext,
  ): Permission {
    const notAllowed = whyNotMutate(principal, "cancelTask");
    if (notAllowed !== null) return permission(notAllowed);
    if (finishedAt === null && cancelRequestedAt !== null)
      return permission(`Task ${id} has been asked to stop already.`);
    return permission(whyNotCancel("Task", id, finishedAt === null, status));
  }
}

@Resolver(() => Worker)
export class WorkerResolver {
  @FieldResolver(() => TaskConnection, { description: "Tasks that the worker runs now." })
  tasks(@Root() { id }: Worker, @Args() page: ForwardArgs, @Ctx() context: GraphContext): Promise<Page<Task>> {
    return tasksOfWorker(context, id, page);
  }

  @FieldResolver(() => [ServedPipeline], {
    description: "Pipelines that the worker runs, sorted by name.",
  })
  serves(@Root() { serves }: Worker): ServedPipeline[] {
    return Object.entries(serves)
      .map(([pipeline, { version, stages }]) => ({ pipeline, version, stages: Object.keys(stages).sort() }))
      .sort((a, b) => (a.pipeline < b.pipeline ? -1 : 1));
  }
}
