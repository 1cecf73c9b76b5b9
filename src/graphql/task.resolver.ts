import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { cancelTask } from "../engine/cancel.js";
import { retryTask } from "../engine/retry.js";
import { Document } from "../model/document.js";
import { WorkerStatusEnum } from "../model/enums.js";
import { Job } from "../model/job.js";
import { RefusedWrite, StageRun, Task, TaskError } from "../model/task.js";
import { Worker } from "../model/worker.js";
import { TaskConnection } from "./connections.js";
import type { GraphContext } from "./context.js";
import { payload } from "./errors.js";
import { uuid } from "./ids.js";
import { CancelTaskInput, PageArgs, RetryTaskInput, TaskFilter } from "./inputs.js";
import type { Page } from "./page.js";
import { CancelTaskPayload, RetryTaskPayload } from "./payloads.js";
import { stageRuns } from "./stage-runs.js";
import { taskPage } from "./task-list.js";
import { workerStatus } from "./worker-status.js";

@Resolver(() => Task)
export class TaskResolver {
  @Query(() => Task, { nullable: true })
  task(@Arg("id", () => ID) id: string, @Ctx() { loaders }: GraphContext): Promise<Task | null> {
    return loaders.task.load(uuid(id, "id"));
  }

  @Query(() => TaskConnection, { description: "A job's in document order; others newest first." })
  tasks(
    @Args() page: PageArgs,
    @Arg("filter", () => TaskFilter, { nullable: true }) filter: TaskFilter | null,
    @Ctx() context: GraphContext,
  ): Promise<Page<Task>> {
    return taskPage(context, page, filter);
  }

  @Mutation(() => RetryTaskPayload)
  retryTask(
    @Arg("input", () => RetryTaskInput) input: RetryTaskInput,
    @Ctx() { parts, actor, loaders }: GraphContext,
  ): Promise<object> {
    const taskId = uuid(input.taskId, "input.taskId");
    return payload({ task: null }, async () => ({
      task: await loaders.task.load(
        await retryTask(parts, actor, { ...input, taskId, from: input.from ?? "FAILED_STAGE" }),
      ),
    }));
  }

  @Mutation(() => CancelTaskPayload)
  cancelTask(
    @Arg("input", () => CancelTaskInput) input: CancelTaskInput,
    @Ctx() { parts, actor, loaders }: GraphContext,
  ): Promise<object> {
    const taskId = uuid(input.taskId, "input.taskId");
    return payload({ task: null }, async () => ({
      task: await loaders.task.load(await cancelTask(parts, actor, { ...input, taskId })),
    }));
  }

  @FieldResolver(() => Job)
  job(@Root() { jobId }: Task, @Ctx() { loaders }: GraphContext): Promise<Job | null> {
    return loaders.job.load(jobId);
  }

  @FieldResolver(() => Document, {
    nullable: true,
    description: "Null for the collection task, and where the document has been removed.",
  })
  async document(@Root() { documentId }: Task, @Ctx() { loaders }: GraphContext): Promise<Document | null> {
    return documentId === null ? null : loaders.document.load(documentId);
  }

  @FieldResolver(() => [RefusedWrite], {
    description: "Late writes that were refused because the lease had gone: the newest 20, as evidence.",
  })
  refusedWrites(@Root() { id }: Task, @Ctx() { loaders }: GraphContext): Promise<RefusedWrite[]> {
    return loaders.refusedWritesOfTask.load(id);
  }

  @FieldResolver(() => Worker, { nullable: true, description: "Who holds its lease." })
  async worker(@Root() { workerId }: Task, @Ctx() { loaders }: GraphContext): Promise<Worker | null> {
    return workerId === null ? null : ((await loaders.worker.load(workerId))?.worker ?? null);
  }

  @FieldResolver(() => TaskError, { nullable: true })
  error(@Root() { errorCode, errorMessage, errorStage, errorRetryable }: Task): TaskError | null {
    if (errorCode === null) return null;
    return { code: errorCode, message: errorMessage ?? "", stage: errorStage, retryable: errorRetryable ?? false };
  }

  @FieldResolver(() => [StageRun], { description: "One entry per stage and attempt, in order." })
  async stages(@Root() { id }: Task, @Ctx() { loaders }: GraphContext): Promise<StageRun[]> {
    return stageRuns(await loaders.historyOfTask.load(id));
  }
}

@Resolver(() => Worker)
export class WorkerResolver {
  @FieldResolver(() => WorkerStatusEnum)
  async status(@Root() { id }: Worker, @Ctx() { loaders }: GraphContext): Promise<string> {
    const { worker, now } = (await loaders.worker.load(id))!;
    return workerStatus(worker, now);
  }
}
