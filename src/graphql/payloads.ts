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
  @Field(() => UserErrorCodeEnum)
  readonly code!: UserErrorCode;
  @Field(() => String, { description: "What is wrong, with the value, and what to do." })
  readonly message!: string;
  @Field(() => [String], { nullable: true, description: "Where in the input." })
  readonly path!: string[] | null;
}

@ObjectType()
export class CreateCollectionPayload {
  @Field(() => Collection, { nullable: true })
  readonly collection!: Collection | null;
  @Field(() => [UserError])
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "Expired already where nothing runs; else once running work has stopped." })
export class DeleteCollectionPayload {
  @Field(() => Collection, { nullable: true })
  readonly collection!: Collection | null;
  @Field(() => [UserError])
  readonly userErrors!: UserError[];
}

@ObjectType()
export class PipelinePayload {
  @Field(() => PipelineInfo, { nullable: true })
  readonly pipeline!: PipelineInfo | null;
  @Field(() => [UserError])
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "All or nothing; refused with ACTIVE_JOB_EXISTS while a job of the collection is open." })
export class AddDocumentsPayload {
  @Field(() => [Document])
  readonly documents!: Document[];
  @Field(() => [UserError])
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "All or nothing; refused with ACTIVE_JOB_EXISTS while a job of the collection is open." })
export class RemoveDocumentsPayload {
  @Field(() => [ID])
  readonly removedIds!: string[];
  @Field(() => [UserError])
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "With ACTIVE_JOB_EXISTS, job is the one that is open: test userErrors, not job." })
export class SubmitJobPayload {
  @Field(() => Job, { nullable: true })
  readonly job!: Job | null;
  @Field(() => Boolean)
  readonly deduplicated!: boolean;
  @Field(() => [UserError])
  readonly userErrors!: UserError[];
}

@ObjectType()
export class RetryJobPayload {
  @Field(() => Job, { nullable: true })
  readonly job!: Job | null;
  @Field(() => Int, { description: "Document tasks." })
  readonly retriedTasks!: number;
  @Field(() => [UserError])
  readonly userErrors!: UserError[];
}

@ObjectType()
export class RetryTaskPayload {
  @Field(() => Task, { nullable: true })
  readonly task!: Task | null;
  @Field(() => [UserError])
  readonly userErrors!: UserError[];
}

@ObjectType()
export class CancelJobPayload {
  @Field(() => Job, { nullable: true })
  readonly job!: Job | null;
  @Field(() => [UserError])
  readonly userErrors!: UserError[];
}

@ObjectType()
export class CancelTaskPayload {
  @Field(() => Task, { nullable: true })
  readonly task!: Task | null;
  @Field(() => [UserError])
  readonly userErrors!: UserError[];
}
