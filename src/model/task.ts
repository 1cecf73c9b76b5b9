import { Field, Float, Int, ObjectType } from "type-graphql";
import { Column, Entity, PrimaryColumn } from "typeorm";
import type { TaskKind, TaskStatus } from "../lifecycle/status.js";
import { StageOutcomeEnum, TaskKindEnum, TaskStatusEnum } from "./enums.js";
import { TrackedEntity } from "./node.js";
import { BigIntScalar, wholeNumber } from "./scalars.js";
import { Warning } from "./warning.js";

@ObjectType({ description: "Why a task failed or will run again." })
export class TaskError {
  @Field(() => String, {
    description: "Error code, such as HANDLER_ERROR, TIMED_OUT, CRASHED, or a code of the pipeline.",
  })
  readonly code!: string;
  @Field(() => String, { description: "Problem and what to do about it." })
  readonly message!: string;
  @Field(() => String, { nullable: true, description: "Stage in which the error occurred; null if outside a stage." })
  readonly stage!: string | null;
  @Field(() => Boolean, { description: "Whether a retry may succeed." })
  readonly retryable!: boolean;
  @Field(() => String, {
    nullable: true,
    description:
      "Stack trace of the handler, with causes, at most 8,000 characters. Null if no handler threw, for VIEWER keys, and for browser keys.",
  })
  readonly stack!: string | null;
}

@ObjectType({
  description: "One attempt to run a stage. `outcome`, `finishedAt` and `durationMs` are null while it runs.",
})
export class StageRun {
  @Field(() => String, { description: "Name of the stage." })
  readonly stage!: string;
  @Field(() => Int, { description: "Run of the job that the attempt belongs to, from 1." })
  readonly run!: number;
  @Field(() => Int, { description: "Number of the attempt, from 1." })
  readonly attempt!: number;
  @Field(() => Date, { description: "Time when a worker started the attempt." })
  readonly startedAt!: Date;
  @Field(() => Date, { nullable: true, description: "Time when the attempt ended; null while it runs." })
  readonly finishedAt!: Date | null;
  @Field(() => Float, { nullable: true, description: "Duration in milliseconds; null while it runs." })
  readonly durationMs!: number | null;
  @Field(() => StageOutcomeEnum, { nullable: true, description: "Outcome; null while it runs." })
  readonly outcome!: "COMPLETED" | "FAILED" | "CANCELLED" | "INTERRUPTED" | null;
  @Field(() => Int, {
    nullable: true,
    description: "Pipeline version that ran, which may be later than the job's; null if unknown.",
  })
  readonly pipelineVersion!: number | null;
  @Field(() => String, {
    nullable: true,
    description: "Worker that ran the attempt, as `worker:<worker ID>`; null if unknown.",
  })
  readonly worker!: string | null;
}

@ObjectType({ description: "Late write that was rejected because the worker had lost its lease." })
@Entity("refused_write")
export class RefusedWrite {
  @PrimaryColumn({ type: "bigint" })
  readonly id!: string;
  @Column({ name: "task_id", type: "uuid" })
  readonly taskId!: string;
  @Field(() => Date, { description: "Time of the rejection." })
  @Column({ type: "timestamptz" })
  readonly at!: Date;
  @Field(() => String, { description: "Worker that attempted the write." })
  @Column({ type: "text" })
  readonly worker!: string;
  @Field(() => BigIntScalar, { description: "Fence number of the outdated claim." })
  @Column({ type: "bigint", transformer: wholeNumber })
  readonly fence!: number;
  @Field(() => String, { description: "Status that the write would have set." })
  @Column({ type: "text" })
  readonly wanted!: string;
  @Field(() => String, {
    nullable: true,
    description: "Stage at which the write would have continued the task; null if it would have ended the task.",
  })
  @Column({ type: "text", nullable: true })
  readonly stage!: string | null;
}

@ObjectType({
  implements: TrackedEntity,
  description: "Processing of one document by a pipeline, or the collection task of a job.",
})
@Entity("task")
export class Task extends TrackedEntity {
  @Column({ name: "collection_id", type: "uuid" })
  readonly collectionId!: string;
  @Column({ name: "job_id", type: "uuid" })
  readonly jobId!: string;

  @Field(() => TaskKindEnum, { description: "Whether the task runs document stages or collection stages." })
  @Column({ type: "text" })
  readonly kind!: TaskKind;

  @Column({ name: "document_id", type: "uuid", nullable: true })
  readonly documentId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Name of the document when the job was submitted; null for the collection task and after expiry.",
  })
  @Column({ name: "document_name", type: "text", nullable: true })
  readonly documentName!: string | null;

  @Column({ type: "int" })
  readonly ordinal!: number;

  @Column({ type: "text" })
  readonly pipeline!: string;

  @Field(() => Int, {
    description:
      "Lowest pipeline version among the current outputs of the task. Before the first output, the version when the job was submitted.",
  })
  @Column({ name: "pipeline_version", type: "int" })
  readonly pipelineVersion!: number;

  @Field(() => TaskStatusEnum, { description: "Status of the task." })
  @Column({ type: "text" })
  readonly status!: TaskStatus;

  @Field(() => String, {
    nullable: true,
    description: "Stage that runs, will run next, or failed; null once the task completed or was skipped.",
  })
  @Column({ type: "text", nullable: true })
  readonly stage!: string | null;

  @Field(() => Int, { description: "Current attempt of the stage, 1 to `maxAttempts`." })
  @Column({ type: "int" })
  readonly attempt!: number;

  @Field(() => Int, { description: "Maximum number of attempts of the current stage." })
  @Column({ name: "max_attempts", type: "int" })
  readonly maxAttempts!: number;

  @Field(() => Int, {
    description:
      "Number of processes that this task crashed in the current stage: isolated child processes, or workers that ran only this task. If a worker dies with several tasks, none is counted; they then run one at a time until the cause is known.",
  })
  @Column({ type: "int" })
  readonly crashes!: number;

  @Field(() => Float, { description: "Progress of the current stage, 0 to 1. Reset to 0 for each stage and attempt." })
  @Column({ type: "real" })
  readonly progress!: number;

  @Field(() => String, {
    nullable: true,
    description: "Progress message of the current stage; null if there is none.",
  })
  @Column({ name: "progress_message", type: "text", nullable: true })
  readonly progressMessage!: string | null;

  @Field(() => [Warning], { description: "Warnings of the stages." })
  @Column({ type: "jsonb" })
  readonly warnings!: Warning[];

  @Field(() => Date, { nullable: true, description: "Earliest time at which the task may run." })
  @Column({ name: "run_at", type: "timestamptz", nullable: true })
  readonly runAt!: Date | null;

  /** Raised by every claim; what a worker writes must carry it. */
  @Column({ type: "bigint", transformer: wholeNumber })
  readonly fence!: number;

  @Column({ name: "worker_id", type: "uuid", nullable: true })
  readonly workerId!: string | null;

  @Field(() => Date, {
    nullable: true,
    description:
      "Time until which the worker holds the task without another heartbeat; null if the task is not running.",
  })
  @Column({ name: "lease_expires_at", type: "timestamptz", nullable: true })
  readonly leaseExpiresAt!: Date | null;

  @Field(() => Date, {
    nullable: true,
    description: "Time when the task was first claimed in this run; null before that.",
  })
  @Column({ name: "started_at", type: "timestamptz", nullable: true })
  readonly startedAt!: Date | null;

  @Field(() => Date, { nullable: true, description: "Time when the task settled; null while it is open." })
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
