import { ArgsType, Field, ID, InputType, Int } from "type-graphql";
import {
  ChangeReasonEnum,
  CollectionStatusEnum,
  EntityTypeEnum,
  JobOrderFieldEnum,
  JobStatusEnum,
  RetryFromEnum,
  SortDirectionEnum,
  StatusEnum,
  SubmitModeEnum,
  TaskStatusEnum,
} from "../model/enums.js";
import { JsonScalar } from "../model/scalars.js";

@InputType({ description: "All that are given must hold." })
export class CollectionFilter {
  @Field(() => [CollectionStatusEnum], {
    nullable: true,
    description: "In one of these statuses; none fits an empty list.",
  })
  readonly status?: string[] | null;
  @Field(() => String, { nullable: true, description: "Without regard to case." })
  readonly nameContains?: string | null;
  @Field(() => Date, { nullable: true, description: "Inclusive." })
  readonly createdAfter?: Date | null;
  @Field(() => Date, { nullable: true, description: "Exclusive." })
  readonly createdBefore?: Date | null;
  @Field(() => JsonScalar, { nullable: true, description: "Contained in the collection's metadata." })
  readonly metadata?: unknown;
}

@InputType({ description: "All that are given must hold." })
export class DocumentFilter {
  @Field(() => String, { nullable: true, description: "Without regard to case." })
  readonly nameContains?: string | null;
  @Field(() => [String], { nullable: true, description: "Of one of these media types, as found by content." })
  readonly mediaType?: string[] | null;
}

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

@InputType({ description: "All that are given must hold. A jobId takes the job's and its tasks' changes." })
export class HistoryFilter {
  @Field(() => ID, { nullable: true, description: "Of this collection, its jobs and its tasks." })
  readonly collectionId?: string | null;
  @Field(() => ID, { nullable: true, description: "Of this job and its tasks." })
  readonly jobId?: string | null;
  @Field(() => ID, { nullable: true, description: "Of this task." })
  readonly taskId?: string | null;
  @Field(() => [EntityTypeEnum], { nullable: true, description: "About one of these kinds." })
  readonly entityType?: string[] | null;
  @Field(() => [StatusEnum], { nullable: true, description: "Leading to one of these statuses." })
  readonly toStatus?: string[] | null;
  @Field(() => [ChangeReasonEnum], { nullable: true, description: "For one of these reasons." })
  readonly reason?: string[] | null;
  @Field(() => Date, { nullable: true, description: "Inclusive." })
  readonly since?: Date | null;
}

@ArgsType()
export class ScopeArgs {
  @Field(() => ID, {
    nullable: true,
    description: "This collection, its jobs and their tasks; at most one of the three is given.",
  })
  readonly collectionId?: string | null;
  @Field(() => ID, { nullable: true, description: "This job and its tasks; at most one of the three is given." })
  readonly jobId?: string | null;
  @Field(() => ID, { nullable: true, description: "This task alone; at most one of the three is given." })
  readonly taskId?: string | null;
}

@InputType({ description: "A new, empty collection." })
export class CreateCollectionInput {
  @Field(() => String, { description: "1 to 500 characters, unique in the project." })
  readonly name!: string;
  @Field(() => String, { nullable: true, description: "What it is about; at most 10,000 characters." })
  readonly description?: string | null;
  @Field(() => JsonScalar, { nullable: true, description: "A JSON object." })
  readonly metadata?: unknown;
  @Field(() => Int, { nullable: true, description: "1 to 36,500; as HEADWAY_RETENTION_DAYS says when absent." })
  readonly expiresInDays?: number | null;
}

@InputType({
  description:
    "Expiry, now: an open job is cancelled first, contents and results go, the record and its history stay (EXPIRED), the name is free again.",
})
export class DeleteCollectionInput {
  @Field(() => ID, { description: "Which collection." })
  readonly collectionId!: string;
}

@InputType({ description: "Which pipeline to pause, and why." })
export class PausePipelineInput {
  @Field(() => String, { description: "Its name." })
  readonly pipeline!: string;
  @Field(() => String, { description: "Shown to everybody whose jobs wait for it." })
  readonly reason!: string;
}

@InputType({ description: "Which pipeline to resume." })
export class ResumePipelineInput {
  @Field(() => String, { description: "Its name." })
  readonly pipeline!: string;
}

@InputType({
  description:
    "Exactly one of text, base64, uri, uploadId. The name is unique in its collection: the same name with the same bytes changes nothing, with other bytes it is the document's new content (contentVersion + 1); a name without a folder part is kept as given.",
})
export class DocumentInput {
  @Field(() => String, {
    description: '1 to 500 characters, unique in the collection; a folder part is kept, ".." is refused.',
  })
  readonly name!: string;
  @Field(() => String, { nullable: true, description: "A claim; the validate stage finds out." })
  readonly mediaType?: string | null;
  @Field(() => JsonScalar, { nullable: true, description: "A JSON object." })
  readonly metadata?: unknown;
  @Field(() => String, { nullable: true, description: "The content as text, kept as UTF-8." })
  readonly text?: string | null;
  @Field(() => String, { nullable: true, description: "The content as bytes in base64, in the standard alphabet." })
  readonly base64?: string | null;
  @Field(() => String, {
    nullable: true,
    description:
      "Where a worker gets the bytes: `http:` or `https:` at a public address, `file:` below one of HEADWAY_FILE_ROOTS, `s3:` below one of HEADWAY_S3_SOURCES.",
  })
  readonly uri?: string | null;
  @Field(() => ID, {
    nullable: true,
    description:
      "Of an upload whose bytes have come in. It can serve several documents, and the same one again; the bytes are kept until the last of them is gone.",
  })
  readonly uploadId?: string | null;
}

@InputType({ description: "Documents for one collection; all of them are taken, or none." })
export class AddDocumentsInput {
  @Field(() => ID, { description: "Where they go." })
  readonly collectionId!: string;
  @Field(() => [DocumentInput], { description: "At least one; no two of the same name." })
  readonly documents!: DocumentInput[];
}

@InputType({ description: "Documents of one collection; all of them go, or none." })
export class RemoveDocumentsInput {
  @Field(() => ID, { description: "Where they are." })
  readonly collectionId!: string;
  @Field(() => [ID], { description: "At least one; all must be of this collection." })
  readonly documentIds!: string[];
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

@InputType({ description: "Which job to stop: what waits is cancelled at once, what runs is asked to stop." })
export class CancelJobInput {
  @Field(() => ID, { description: "Which job." })
  readonly jobId!: string;
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
