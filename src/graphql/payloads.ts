import { Field, ID, Int, ObjectType } from "type-graphql";
import type { UserErrorCode } from "../errors.js";
import { Collection } from "../model/collection.js";
import { Document } from "../model/document.js";
import { UserErrorCodeEnum } from "../model/enums.js";
import { Job } from "../model/job.js";
import { PipelineInfo } from "../model/pipeline.js";
import { Task } from "../model/task.js";

@ObjectType({
  description:
    "Expected failures are data. Exceptional ones (UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT, RATE_LIMITED, INTERNAL) are top-level errors with extensions.code.",
})
export class UserError {
  @Field(() => UserErrorCodeEnum, { description: "Which kind of failure." })
  readonly code!: UserErrorCode;
  @Field(() => String, { description: "What is wrong, with the value, and what to do." })
  readonly message!: string;
  @Field(() => [String], { nullable: true, description: "Where in the input." })
  readonly path!: string[] | null;
}

@ObjectType({ description: "What came of createCollection." })
export class CreateCollectionPayload {
  @Field(() => Collection, { nullable: true, description: "The new collection; null where it was refused." })
  readonly collection!: Collection | null;
  @Field(() => [UserError], { description: "What kept it from being created; empty when it was." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "Expired already where nothing runs; else once running work has stopped." })
export class DeleteCollectionPayload {
  @Field(() => Collection, {
    nullable: true,
    description: "The collection as it stands now; null where it was refused.",
  })
  readonly collection!: Collection | null;
  @Field(() => [UserError], { description: "What kept it from being deleted; empty when it was, or is about to be." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "What came of pausing or resuming a pipeline." })
export class PipelinePayload {
  @Field(() => PipelineInfo, {
    nullable: true,
    description: "The pipeline as it stands now; null where it was refused.",
  })
  readonly pipeline!: PipelineInfo | null;
  @Field(() => [UserError], { description: "What kept it from being done; empty when it was." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "All or nothing; refused with ACTIVE_JOB_EXISTS while a job of the collection is open." })
export class AddDocumentsPayload {
  @Field(() => [Document], { description: "The documents, in the order given; empty where it was refused." })
  readonly documents!: Document[];
  @Field(() => [UserError], { description: "What kept all of them from being added; empty when they were." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "All or nothing; refused with ACTIVE_JOB_EXISTS while a job of the collection is open." })
export class RemoveDocumentsPayload {
  @Field(() => [ID], { description: "The ids that are gone, in the order given; empty where it was refused." })
  readonly removedIds!: string[];
  @Field(() => [UserError], { description: "What kept all of them from being removed; empty when they were." })
  readonly userErrors!: UserError[];
}

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

@ObjectType({ description: "What came of retryTask." })
export class RetryTaskPayload {
  @Field(() => Task, { nullable: true, description: "The task as it stands now; null where it was refused." })
  readonly task!: Task | null;
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

@ObjectType({ description: "What came of cancelTask." })
export class CancelTaskPayload {
  @Field(() => Task, { nullable: true, description: "The task as it stands now; null where it was refused." })
  readonly task!: Task | null;
  @Field(() => [UserError], { description: "What kept it from being cancelled; empty when it was asked for." })
  readonly userErrors!: UserError[];
}
