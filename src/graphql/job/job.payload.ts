import { Field, Int, ObjectType } from "type-graphql";
import { Job } from "../../model/job.js";
import { UserError } from "../user-error.js";

@ObjectType({
  description:
    "Result of `submitJob`. Check `userErrors` rather than `job`: with ACTIVE_JOB_EXISTS, `job` is the open job.",
})
export class SubmitJobPayload {
  @Field(() => Job, {
    nullable: true,
    description:
      "The new job, or the job created earlier with the same idempotency key. With ACTIVE_JOB_EXISTS, the open job. Otherwise null on failure.",
  })
  readonly job!: Job | null;
  @Field(() => Boolean, { description: "Whether an earlier request with the same idempotency key created the job." })
  readonly deduplicated!: boolean;
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "Result of `retryJob`." })
export class RetryJobPayload {
  @Field(() => Job, { nullable: true, description: "The job, in its next run; null on failure." })
  readonly job!: Job | null;
  @Field(() => Int, { description: "Number of document tasks that are retried." })
  readonly retriedTasks!: number;
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "Result of `cancelJob`." })
export class CancelJobPayload {
  @Field(() => Job, { nullable: true, description: "The job after the change; null on failure." })
  readonly job!: Job | null;
  @Field(() => [UserError], { description: "Why the request failed; empty if the cancel was requested." })
  readonly userErrors!: UserError[];
}
