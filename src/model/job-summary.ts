import { Field, Float, ID, Int, ObjectType } from "type-graphql";
import { Column, Entity, PrimaryColumn } from "typeorm";
import type { JobStatus } from "../lifecycle/status.js";
import { JobStatusEnum } from "./enums.js";
import { TaskCounts } from "./job.js";
import { JsonScalar } from "./scalars.js";

@ObjectType({ description: "Failed tasks with the same error code at the same stage." })
export class ErrorGroup {
  @Field(() => String, { description: "Error code of the tasks." })
  readonly code!: string;
  @Field(() => String, {
    nullable: true,
    description: "Stage at which the tasks failed; null if they failed outside a stage.",
  })
  readonly stage!: string | null;
  @Field(() => Int, { description: "Number of tasks." })
  readonly count!: number;
  @Field(() => [ID], { description: "IDs of the first five tasks, in document order." })
  readonly sampleTaskIds!: string[];
  @Field(() => Boolean, { description: "Whether a retry may succeed." })
  readonly retryable!: boolean;
}

@ObjectType({ description: "Duration of a stage over all completed stage runs." })
export class StageSummary {
  @Field(() => String, { description: "Name of the stage." })
  readonly stage!: string;
  @Field(() => Int, { description: "Number of completed stage runs." })
  readonly count!: number;
  @Field(() => Float, { description: "Median duration, in milliseconds." })
  readonly p50Ms!: number;
  @Field(() => Float, { description: "95th percentile of the duration, in milliseconds." })
  readonly p95Ms!: number;
  @Field(() => Float, { description: "Longest duration, in milliseconds." })
  readonly maxMs!: number;
}

@ObjectType({ description: "Summary of a settled run." })
@Entity("job_summary")
export class JobSummary {
  @PrimaryColumn({ name: "job_id", type: "uuid" })
  readonly jobId!: string;

  @Field(() => JobStatusEnum, { description: "Status that the job settled with." })
  @Column({ type: "text" })
  readonly status!: JobStatus;

  @Field(() => TaskCounts, { description: "Number of document tasks by status." })
  @Column({ type: "jsonb" })
  readonly counts!: TaskCounts;

  @Field(() => Float, { description: "Time from the first claim of the run to its end, in milliseconds." })
  @Column({ name: "duration_ms", type: "double precision" })
  readonly durationMs!: number;

  @Field(() => [ErrorGroup], { description: "Failed tasks, grouped by error code and stage, most frequent first." })
  @Column({ type: "jsonb" })
  readonly errors!: ErrorGroup[];

  /** Reckoned at the first read. */
  @Column({ name: "stages", type: "jsonb", nullable: true })
  readonly keptStages!: StageSummary[] | null;

  @Field(() => JsonScalar, { nullable: true, description: "Output of the collection stages; null if there is none." })
  @Column({ type: "jsonb", nullable: true })
  readonly output!: unknown;

  @Field(() => Date, { description: "Time when the run settled." })
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;
}
