import { Field, ID, InputType, Int } from "type-graphql";
import {
  JobOrderFieldEnum,
  JobStatusEnum,
  RetryFromEnum,
  SortDirectionEnum,
  SubmitModeEnum,
} from "../../model/enums.js";
import { JsonScalar } from "../../model/scalars.js";

@InputType({ description: "All that are given must hold." })
export class JobFilter {
  @Field(() => ID, { nullable: true, description: "Of this collection." })
  readonly collectionId?: string | null;
  @Field(() => [JobStatusEnum], { nullable: true, description: "In one of these statuses; none fits an empty list." })
  readonly status?: string[] | null;
  @Field(() => [String], { nullable: true, description: "Of one of these pipelines, by name." })
  readonly pipeline?: string[] | null;
  @Field(() => [String], { nullable: true, description: "All of them." })
  readonly tags?: string[] | null;
  @Field(() => Date, { nullable: true, description: "Inclusive." })
  readonly createdAfter?: Date | null;
  @Field(() => Date, { nullable: true, description: "Exclusive." })
  readonly createdBefore?: Date | null;
  @Field(() => Boolean, {
    nullable: true,
    description:
      "Has an open task whose lease is past by a sweep, or that is due and untaken for 60 s while a worker of its pipeline is free.",
  })
  readonly stuck?: boolean | null;
}

@InputType({ description: "How a list of jobs is sorted." })
export class JobOrder {
  @Field(() => JobOrderFieldEnum, { description: "What is compared; equals come in the order of their creation." })
  readonly field!: "CREATED_AT" | "STATUS_CHANGED_AT" | "PRIORITY";
  @Field(() => SortDirectionEnum, { description: "From the smallest or from the largest." })
  readonly direction!: "ASC" | "DESC";
}

@InputType({ description: "What to do with which documents." })
export class SubmitJobInput {
  @Field(() => ID, { description: "Whose documents are taken." })
  readonly collectionId!: string;
  @Field(() => String, { description: "What they go through, by name." })
  readonly pipeline!: string;
  @Field(() => JsonScalar, {
    nullable: true,
    description: "As the pipeline's optionsSchema describes them; its defaults where absent.",
  })
  readonly options?: unknown;
  @Field(() => [ID], { nullable: true, description: "All documents of the collection when absent." })
  readonly documentIds?: string[] | null;
  @Field(() => SubmitModeEnum, {
    nullable: true,
    defaultValue: SubmitModeEnum.FULL,
    description:
      "INCREMENTAL skips documents whose content this pipeline, in this version and with these options, has already completed: they are SKIPPED with the reason UNCHANGED and keep their chunks, at birth where the content came along, after the download where it comes from a uri.",
  })
  readonly mode?: "FULL" | "INCREMENTAL" | null;
  @Field(() => Int, { nullable: true, defaultValue: 0, description: "-100 to 100; higher first." })
  readonly priority?: number | null;
  @Field(() => Date, { nullable: true, description: "Not before then." })
  readonly runAt?: Date | null;
  @Field(() => [String], {
    nullable: true,
    description: "At most 50, each of 1 to 100 characters, for finding the job again.",
  })
  readonly tags?: string[] | null;
  @Field(() => String, {
    nullable: true,
    description:
      "Looked at first. The same key gives the same job for ever; another body under it is IDEMPOTENCY_CONFLICT; a submit that ended in userErrors does not use it up.",
  })
  readonly idempotencyKey?: string | null;
}

@InputType({
  description:
    "The collection's newest job only, when settled and not COMPLETED. Takes its failed and cancelled tasks, or with errorCodes the failed ones with these codes; none: NOT_RETRYABLE.",
})
export class RetryJobInput {
  @Field(() => ID, { description: "Which job." })
  readonly jobId!: string;
  @Field(() => RetryFromEnum, {
    nullable: true,
    defaultValue: RetryFromEnum.FAILED_STAGE,
    description: "Where its tasks begin again.",
  })
  readonly from?: "FAILED_STAGE" | "FIRST_STAGE" | null;
  @Field(() => [String], { nullable: true, description: "Only tasks that failed with one of these codes." })
  readonly errorCodes?: string[] | null;
  @Field(() => String, { nullable: true, description: "Kept in the history." })
  readonly reason?: string | null;
}

@InputType({ description: "Which job to stop: what waits is cancelled at once, what runs is asked to stop." })
export class CancelJobInput {
  @Field(() => ID, { description: "Which job." })
  readonly jobId!: string;
  @Field(() => String, { nullable: true, description: "Kept in the history." })
  readonly reason?: string | null;
}
