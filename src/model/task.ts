import { Field, Float, Int, ObjectType } from "type-graphql";
import { Column, Entity, PrimaryColumn } from "typeorm";
import type { TaskKind, TaskStatus } from "../lifecycle/status.js";
import { StageOutcomeEnum, TaskKindEnum, TaskStatusEnum } from "./enums.js";
import { TrackedEntity } from "./node.js";
import { BigIntScalar, wholeNumber } from "./scalars.js";
import { Warning } from "./warning.js";

@ObjectType({ description: "Why a task failed, or why it is tried again." })
export class TaskError {
  @Field(() => String, {
    description:
      "Which kind, in upper-case words: the pipeline's own, or HANDLER_ERROR, TIMED_OUT, CRASHED and the like.",
  })
  readonly code!: string;
  @Field(() => String, { description: "What is wrong and what to do." })
  readonly message!: string;
  @Field(() => String, { nullable: true, description: "Where it happened; null where it was in no stage." })
  readonly stage!: string | null;
  @Field(() => Boolean, { description: "Whether trying again may help." })
  readonly retryable!: boolean;
  @Field(() => String, {
    nullable: true,
    description:
      "Where the handler threw, and what caused it: at most 8,000 characters. Null where no handler threw, for keys below OPERATOR, and for keys made for browsers.",
  })
  readonly stack!: string | null;
}

@ObjectType({ description: "One passage through a stage. outcome, finishedAt and durationMs are null while it runs." })
export class StageRun {
  @Field(() => String, { description: "The name of the stage." })
  readonly stage!: string;
  @Field(() => Int, { description: "Which run of the job it was part of, from 1." })
  readonly run!: number;
  @Field(() => Int, { description: "Which try of the stage it was, from 1." })
  readonly attempt!: number;
  @Field(() => Date, { description: "When a worker began it." })
  readonly startedAt!: Date;
  @Field(() => Date, { nullable: true, description: "When it ended." })
  readonly finishedAt!: Date | null;
  @Field(() => Float, { nullable: true, description: "From its beginning to its end, in milliseconds." })
  readonly durationMs!: number | null;
  @Field(() => StageOutcomeEnum, { nullable: true, description: "How it ended." })
  readonly outcome!: "COMPLETED" | "FAILED" | "CANCELLED" | "INTERRUPTED" | null;
  @Field(() => Int, {
    nullable: true,
    description:
      "The version of the pipeline that ran, which may be a later one than the job's; null where it is not known.",
  })
  readonly pipelineVersion!: number | null;
  @Field(() => String, { nullable: true, description: "Who ran it: `worker:<its id>`." })
  readonly worker!: string | null;
}

@ObjectType({ description: "A late write that was refused because the lease had gone." })
@Entity("refused_write")
export class RefusedWrite {
  @PrimaryColumn({ type: "bigint" })
  readonly id!: string;
  @Column({ name: "task_id", type: "uuid" })
  readonly taskId!: string;
  @Field(() => Date, { description: "When it was refused." })
  @Column({ type: "timestamptz" })
  readonly at!: Date;
  @Field(() => String, { description: "Who wanted to write it." })
  @Column({ type: "text" })
  readonly worker!: string;
  @Field(() => BigIntScalar, { description: "The claim it was written under, which another had followed." })
  @Column({ type: "bigint", transformer: wholeNumber })
  readonly fence!: number;
  @Field(() => String, { description: "What it would have made of the task." })
  @Column({ type: "text" })
  readonly wanted!: string;
  @Field(() => String, {
    nullable: true,
    description: "Where it wanted the task to go on; null where it wanted to end it.",
  })
  @Column({ type: "text", nullable: true })
  readonly stage!: string | null;
}

@ObjectType({
  implements: TrackedEntity,
  description: "One document's way through the pipeline, or the collection task.",
})
@Entity("task")
export class Task extends TrackedEntity {
  @Column({ name: "collection_id", type: "uuid" })
  readonly collectionId!: string;
  @Column({ name: "job_id", type: "uuid" })
  readonly jobId!: string;

  @Field(() => TaskKindEnum, { description: "Whether it takes one document through, or does what needs all of them." })
  @Column({ type: "text" })
  readonly kind!: TaskKind;

  @Column({ name: "document_id", type: "uuid", nullable: true })
  readonly documentId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The name of its document at the submit; null for the collection task and after expiry.",
  })
  @Column({ name: "document_name", type: "text", nullable: true })
  readonly documentName!: string | null;

  @Column({ type: "int" })
  readonly ordinal!: number;

  @Column({ type: "text" })
  readonly pipeline!: string;

  @Field(() => Int, {
    description:
      "The lowest version of the pipeline whose output stands in it; before the first output, the version that it was submitted with.",
  })
  @Column({ name: "pipeline_version", type: "int" })
  readonly pipelineVersion!: number;

  @Field(() => TaskStatusEnum, { description: "How it stands." })
  @Column({ type: "text" })
  readonly status!: TaskStatus;

  @Field(() => String, {
    nullable: true,
    description: "The stage that runs, or that will run next; where it failed; null once completed or skipped.",
  })
  @Column({ type: "text", nullable: true })
  readonly stage!: string | null;

  @Field(() => Int, { description: "Which try of this stage this is, 1 to maxAttempts." })
  @Column({ type: "int" })
  readonly attempt!: number;

  @Field(() => Int, { description: "How often the present stage is tried in all." })
  @Column({ name: "max_attempts", type: "int" })
  readonly maxAttempts!: number;

  @Field(() => Int, {
    description:
      "Processes that ended in this stage because of this task: its isolated child, or a worker in which it ran alone. Several tasks of one worker are not counted; they run one at a time until it is known which did it.",
  })
  @Column({ type: "int" })
  readonly crashes!: number;

  @Field(() => Float, { description: "Of the present stage, 0 to 1; back to 0 with each stage and attempt." })
  @Column({ type: "real" })
  readonly progress!: number;

  @Field(() => String, {
    nullable: true,
    description: "What the present stage says it is at; null where it says nothing.",
  })
  @Column({ name: "progress_message", type: "text", nullable: true })
  readonly progressMessage!: string | null;

  @Field(() => [Warning], { description: "What its stages noticed that did not fail anything." })
  @Column({ type: "jsonb" })
  readonly warnings!: Warning[];

  @Field(() => Date, { nullable: true, description: "Not before then." })
  @Column({ name: "run_at", type: "timestamptz", nullable: true })
  readonly runAt!: Date | null;

  /** Raised by every claim; what a worker writes must carry it. */
  @Column({ type: "bigint", transformer: wholeNumber })
  readonly fence!: number;

  @Column({ name: "worker_id", type: "uuid", nullable: true })
  readonly workerId!: string | null;

  @Field(() => Date, {
    nullable: true,
    description: "Until when its worker holds it without another sign of life; null while it does not run.",
  })
  @Column({ name: "lease_expires_at", type: "timestamptz", nullable: true })
  readonly leaseExpiresAt!: Date | null;

  @Field(() => Date, { nullable: true, description: "When this run of it was first claimed." })
  @Column({ name: "started_at", type: "timestamptz", nullable: true })
  readonly startedAt!: Date | null;

  @Field(() => Date, { nullable: true, description: "When it was settled; null while it is open." })
  @Column({ name: "finished_at", type: "timestamptz", nullable: true })
  readonly finishedAt!: Date | null;

  @Column({ name: "cancel_requested_at", type: "timestamptz", nullable: true })
  readonly cancelRequestedAt!: Date | null;
  @Column({ name: "error_code", type: "text", nullable: true })
  readonly errorCode!: string | null;
  @Column({ name: "error_message", type: "text", nullable: true })
  readonly errorMessage!: string | null;
  @Column({ name: "error_stage", type: "text", nullable: true })
  readonly errorStage!: string | null;
  @Column({ name: "error_retryable", type: "boolean", nullable: true })
  readonly errorRetryable!: boolean | null;
  @Column({ name: "error_stack", type: "text", nullable: true })
  readonly errorStack!: string | null;
}
