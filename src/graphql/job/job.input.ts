import { Field, ID, InputType, Int } from "type-graphql";
import {
  JobOrderFieldEnum,
  JobStatusEnum,
  RetryFromEnum,
  SortDirectionEnum,
  SubmitModeEnum,
} from "../../model/enums.js";
import { JsonScalar } from "../../model/scalars.js";

@InputType({ description: "Filter for jobs. A job must match all given fields." })
export class JobFilter {
  @Field(() => ID, { nullable: true, description: "ID of the collection." })
  readonly collectionId?: string | null;
  @Field(() => [JobStatusEnum], { nullable: true, description: "Statuses to include. An empty list matches nothing." })
  readonly status?: string[] | null;
  @Field(() => [String], { nullable: true, description: "Names of pipelines to include." })
  readonly pipeline?: string[] | null;
  @Field(() => [String], { nullable: true, description: "Tags; a job must have all of them." })
  readonly tags?: string[] | null;
  @Field(() => Date, { nullable: true, description: "Earliest time of submission, inclusive." })
  readonly createdAfter?: Date | null;
  @Field(() => Date, { nullable: true, description: "Latest time of submission, exclusive." })
  readonly createdBefore?: Date | null;
  @Field(() => Boolean, {
    nullable: true,
    description:
      "Whether the job is stuck: a lease expired more than one sweep ago, or a task has been due for 60 s while a worker of its pipeline is free.",
  })
  readonly stuck?: boolean | null;
}

@InputType({ description: "Sort order of a list of jobs." })
export class JobOrder {
  @Field(() => JobOrderFieldEnum, {
    description: "Field to sort by. Jobs with equal values are sorted by time of creation.",
  })
  readonly field!: "CREATED_AT" | "STATUS_CHANGED_AT" | "PRIORITY";
  @Field(() => SortDirectionEnum, { description: "Sort direction." })
  readonly direction!: "ASC" | "DESC";
}

@InputType({ description: "The collection, the pipeline and its options." })
export class SubmitJobInput {
  @Field(() => ID, { description: "ID of the collection." })
  readonly collectionId!: string;
  @Field(() => String, { description: "Name of the pipeline." })
  readonly pipeline!: string;
  @Field(() => JsonScalar, {
    nullable: true,
    description: "Options, as described by the pipeline's `optionsSchema`. Its defaults apply if absent.",
  })
  readonly options?: unknown;
  @Field(() => [ID], {
    nullable: true,
    description: "IDs of the documents to process; all documents of the collection if absent.",
  })
  readonly documentIds?: string[] | null;
  @Field(() => SubmitModeEnum, {
    nullable: true,
    defaultValue: SubmitModeEnum.FULL,
    description:
      "FULL processes every document. INCREMENTAL skips documents whose content this pipeline, in this version and with these options, has already completed: they get the status SKIPPED with the reason UNCHANGED and keep their chunks. Documents with a URI are downloaded before this is decided.",
  })
  readonly mode?: "FULL" | "INCREMENTAL" | null;
  @Field(() => Int, {
    nullable: true,
    defaultValue: 0,
    description: "Priority, -100 to 100; jobs with a higher priority run first.",
  })
  readonly priority?: number | null;
  @Field(() => Date, { nullable: true, description: "Earliest time to start; at once if absent." })
  readonly runAt?: Date | null;
  @Field(() => [String], {
    nullable: true,
    description: "Tags for finding the job, at most 50, each with 1 to 100 characters.",
  })
  readonly tags?: string[] | null;
  @Field(() => String, {
    nullable: true,
    description:
      "Idempotency key, checked before anything else. A repeated request with the same key returns the same job, without a time limit. A different request with the same key fails with IDEMPOTENCY_CONFLICT. A request that ended in `userErrors` does not use up the key.",
  })
  readonly idempotencyKey?: string | null;
}

@InputType({
  description:
    "Job to retry: the newest job of its collection, settled and not COMPLETED. All failed and cancelled tasks are retried; with `errorCodes`, only failed tasks with these codes. NOT_RETRYABLE if there are none.",
})
export class RetryJobInput {
  @Field(() => ID, { description: "ID of the job." })
  readonly jobId!: string;
  @Field(() => RetryFromEnum, {
    nullable: true,
    defaultValue: RetryFromEnum.FAILED_STAGE,
    description: "Stage at which the tasks start.",
  })
  readonly from?: "FAILED_STAGE" | "FIRST_STAGE" | null;
  @Field(() => [String], { nullable: true, description: "Retry only tasks that failed with one of these codes." })
  readonly errorCodes?: string[] | null;
  @Field(() => String, { nullable: true, description: "Reason, recorded in the history." })
  readonly reason?: string | null;
}

@InputType({ description: "Job to cancel. Waiting tasks are cancelled at once; running tasks are asked to stop." })
export class CancelJobInput {
  @Field(() => ID, { description: "ID of the job." })
  readonly jobId!: string;
  @Field(() => String, { nullable: true, description: "Reason, recorded in the history." })
  readonly reason?: string | null;
}
