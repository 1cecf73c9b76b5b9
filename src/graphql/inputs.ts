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
  @Field(() => [CollectionStatusEnum], { nullable: true })
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
  @Field(() => [String], { nullable: true })
  readonly mediaType?: string[] | null;
}

@InputType({ description: "All that are given must hold." })
export class JobFilter {
  @Field(() => ID, { nullable: true })
  readonly collectionId?: string | null;
  @Field(() => [JobStatusEnum], { nullable: true })
  readonly status?: string[] | null;
  @Field(() => [String], { nullable: true })
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
  @Field(() => JobOrderFieldEnum)
  readonly field!: "CREATED_AT" | "STATUS_CHANGED_AT" | "PRIORITY";
  @Field(() => SortDirectionEnum)
  readonly direction!: "ASC" | "DESC";
}

@InputType({
  description: "Without jobId: a documentId, a workerId, or only open statuses; else BAD_USER_INPUT.",
})
export class TaskFilter {
  @Field(() => ID, { nullable: true })
  readonly jobId?: string | null;
  @Field(() => [TaskStatusEnum], { nullable: true })
  readonly status?: string[] | null;
  @Field(() => [String], { nullable: true })
  readonly stage?: string[] | null;
  @Field(() => [String], { nullable: true })
  readonly errorCode?: string[] | null;
  @Field(() => ID, { nullable: true })
  readonly documentId?: string | null;
  @Field(() => ID, { nullable: true })
  readonly workerId?: string | null;
}

@InputType({ description: "All that are given must hold. A jobId takes the job's and its tasks' changes." })
export class HistoryFilter {
  @Field(() => ID, { nullable: true })
  readonly collectionId?: string | null;
  @Field(() => ID, { nullable: true })
  readonly jobId?: string | null;
  @Field(() => ID, { nullable: true })
  readonly taskId?: string | null;
  @Field(() => [EntityTypeEnum], { nullable: true })
  readonly entityType?: string[] | null;
  @Field(() => [StatusEnum], { nullable: true })
  readonly toStatus?: string[] | null;
  @Field(() => [ChangeReasonEnum], { nullable: true })
  readonly reason?: string[] | null;
  @Field(() => Date, { nullable: true, description: "Inclusive." })
  readonly since?: Date | null;
}

@ArgsType()
export class ScopeArgs {
  @Field(() => ID, { nullable: true })
  readonly collectionId?: string | null;
  @Field(() => ID, { nullable: true })
  readonly jobId?: string | null;
  @Field(() => ID, { nullable: true })
  readonly taskId?: string | null;
}

@InputType()
export class CreateCollectionInput {
  @Field(() => String, { description: "1 to 500 characters, unique in the project." })
  readonly name!: string;
  @Field(() => String, { nullable: true })
  readonly description?: string | null;
  @Field(() => JsonScalar, { nullable: true, description: "A JSON object." })
  readonly metadata?: unknown;
  @Field(() => Int, { nullable: true, description: "1 to 36,500; as HEADWAY_RETENTION_DAYS says when absent." })
  readonly expiresInDays?: number | null;
}

@InputType()
export class DeleteCollectionInput {
  @Field(() => ID)
  readonly collectionId!: string;
}

@InputType()
export class PausePipelineInput {
  @Field(() => String)
  readonly pipeline!: string;
  @Field(() => String, { description: "Shown to everybody whose jobs wait for it." })
  readonly reason!: string;
}

@InputType()
export class ResumePipelineInput {
  @Field(() => String)
  readonly pipeline!: string;
}

@InputType({
  description:
    "Exactly one of text, base64, uri. The name is unique in its collection: the same name with the same bytes changes nothing, with other bytes it is the document's new content (contentVersion + 1); a name without a folder part is kept as given.",
})
export class DocumentInput {
  @Field(() => String)
  readonly name!: string;
  @Field(() => String, { nullable: true, description: "A claim; the validate stage finds out." })
  readonly mediaType?: string | null;
  @Field(() => JsonScalar, { nullable: true, description: "A JSON object." })
  readonly metadata?: unknown;
  @Field(() => String, { nullable: true })
  readonly text?: string | null;
  @Field(() => String, { nullable: true })
  readonly base64?: string | null;
  @Field(() => String, { nullable: true, description: "`file:` below one of HEADWAY_FILE_ROOTS." })
  readonly uri?: string | null;
}

@InputType()
export class AddDocumentsInput {
  @Field(() => ID)
  readonly collectionId!: string;
  @Field(() => [DocumentInput])
  readonly documents!: DocumentInput[];
}

@InputType()
export class RemoveDocumentsInput {
  @Field(() => ID)
  readonly collectionId!: string;
  @Field(() => [ID])
  readonly documentIds!: string[];
}

@InputType()
export class SubmitJobInput {
  @Field(() => ID)
  readonly collectionId!: string;
  @Field(() => String)
  readonly pipeline!: string;
  @Field(() => JsonScalar, { nullable: true })
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
  @Field(() => [String], { nullable: true })
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
  @Field(() => ID)
  readonly jobId!: string;
  @Field(() => RetryFromEnum, { nullable: true, defaultValue: RetryFromEnum.FAILED_STAGE })
  readonly from?: "FAILED_STAGE" | "FIRST_STAGE" | null;
  @Field(() => [String], { nullable: true })
  readonly errorCodes?: string[] | null;
  @Field(() => String, { nullable: true, description: "Kept in the history." })
  readonly reason?: string | null;
}

@InputType()
export class RetryTaskInput {
  @Field(() => ID)
  readonly taskId!: string;
  @Field(() => RetryFromEnum, { nullable: true, defaultValue: RetryFromEnum.FAILED_STAGE })
  readonly from?: "FAILED_STAGE" | "FIRST_STAGE" | null;
  @Field(() => String, { nullable: true, description: "Kept in the history." })
  readonly reason?: string | null;
}

@InputType()
export class CancelJobInput {
  @Field(() => ID)
  readonly jobId!: string;
  @Field(() => String, { nullable: true, description: "Kept in the history." })
  readonly reason?: string | null;
}

@InputType()
export class CancelTaskInput {
  @Field(() => ID)
  readonly taskId!: string;
  @Field(() => String, { nullable: true, description: "Kept in the history." })
  readonly reason?: string | null;
}
