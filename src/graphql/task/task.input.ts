import { Field, ID, InputType } from "type-graphql";
import { RetryFromEnum, TaskStatusEnum } from "../../model/enums.js";

@InputType({
  description: "Without jobId: a documentId, a workerId, or only open statuses; else BAD_USER_INPUT.",
})
export class TaskFilter {
  @Field(() => ID, { nullable: true, description: "Of this job; the list then runs in document order." })
  readonly jobId?: string | null;
  @Field(() => [TaskStatusEnum], { nullable: true, description: "In one of these statuses; none fits an empty list." })
  readonly status?: string[] | null;
  @Field(() => [String], {
    nullable: true,
    description: "At one of these stages: running it, to run it next, or stopped at it.",
  })
  readonly stage?: string[] | null;
  @Field(() => [String], {
    nullable: true,
    description: "Failed, or to be tried again, with one of these error codes.",
  })
  readonly errorCode?: string[] | null;
  @Field(() => ID, { nullable: true, description: "Of this document, in any job." })
  readonly documentId?: string | null;
  @Field(() => ID, { nullable: true, description: "Held by this worker now." })
  readonly workerId?: string | null;
}

@InputType({
  description: "Which task to take up again; in an open job only while its collection stages have not begun.",
})
export class RetryTaskInput {
  @Field(() => ID, { description: "A document task that has failed or was cancelled." })
  readonly taskId!: string;
  @Field(() => RetryFromEnum, {
    nullable: true,
    defaultValue: RetryFromEnum.FAILED_STAGE,
    description: "Where it begins again.",
  })
  readonly from?: "FAILED_STAGE" | "FIRST_STAGE" | null;
  @Field(() => String, { nullable: true, description: "Kept in the history." })
  readonly reason?: string | null;
}

@InputType({ description: "Which task to stop, in the same way." })
export class CancelTaskInput {
  @Field(() => ID, { description: "Which task." })
  readonly taskId!: string;
  @Field(() => String, { nullable: true, description: "Kept in the history." })
  readonly reason?: string | null;
}
