import { Field, ID, InputType } from "type-graphql";
import { RetryFromEnum, TaskStatusEnum } from "../../model/enums.js";

@InputType({
  description:
    "Filter for tasks. A task must match all given fields. Give `jobId`, `documentId`, `workerId`, or only open statuses; otherwise BAD_USER_INPUT.",
})
export class TaskFilter {
  @Field(() => ID, { nullable: true, description: "ID of a job. The list is then in document order." })
  readonly jobId?: string | null;
  @Field(() => [TaskStatusEnum], { nullable: true, description: "Statuses to include. An empty list matches nothing." })
  readonly status?: string[] | null;
  @Field(() => [String], {
    nullable: true,
    description: "Stages that the task runs, will run next, or stopped at.",
  })
  readonly stage?: string[] | null;
  @Field(() => [String], {
    nullable: true,
    description: "Error codes of tasks that failed or will run again.",
  })
  readonly errorCode?: string[] | null;
  @Field(() => ID, { nullable: true, description: "ID of a document, in any job." })
  readonly documentId?: string | null;
  @Field(() => ID, { nullable: true, description: "ID of the worker that runs the task now." })
  readonly workerId?: string | null;
}

@InputType({
  description: "Task to retry. In an open job, this is possible only before its collection stages have started.",
})
export class RetryTaskInput {
  @Field(() => ID, { description: "ID of a failed or cancelled document task." })
  readonly taskId!: string;
  @Field(() => RetryFromEnum, {
    nullable: true,
    defaultValue: RetryFromEnum.FAILED_STAGE,
    description: "Stage at which the task starts.",
  })
  readonly from?: "FAILED_STAGE" | "FIRST_STAGE" | null;
  @Field(() => String, { nullable: true, description: "Reason, recorded in the history." })
  readonly reason?: string | null;
}

@InputType({ description: "Task to cancel: a waiting task is cancelled at once; a running one is asked to stop." })
export class CancelTaskInput {
  @Field(() => ID, { description: "ID of the task." })
  readonly taskId!: string;
  @Field(() => String, { nullable: true, description: "Reason, recorded in the history." })
  readonly reason?: string | null;
}
