import { Field, Int, ObjectType } from "type-graphql";
import { Job } from "../../model/job.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "With ACTIVE_JOB_EXISTS, job is the one that is open: test userErrors, not job." })
export class SubmitJobPayload {
  @Field(() => Job, {
    nullable: true,
    description: "The new job, or the one that this key made before; with ACTIVE_JOB_EXISTS the open one.",
  })
  readonly job!: Job | null;
  @Field(() => Boolean, { description: "True when an earlier submit under the same key made the job." })
  readonly deduplicated!: boolean;
  @Field(() => [UserError], { description: "What kept it from being submitted; empty when it was." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "What came of retryJob." })
export class RetryJobPayload {
  @Field(() => Job, { nullable: true, description: "The job in its next run; null where it was refused." })
  readonly job!: Job | null;
  @Field(() => Int, { description: "Document tasks." })
  readonly retriedTasks!: number;
  @Field(() => [UserError], { description: "What kept it from being retried; empty when it was." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "What came of cancelJob." })
export class CancelJobPayload {
  @Field(() => Job, { nullable: true, description: "The job as it stands now; null where it was refused." })
  readonly job!: Job | null;
  @Field(() => [UserError], { description: "What kept it from being cancelled; empty when it was asked for." })
  readonly userErrors!: UserError[];
}
