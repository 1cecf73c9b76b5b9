import { Field, Float, ID, Int, ObjectType } from "type-graphql";
import { Column, Entity, PrimaryColumn } from "typeorm";
import type { JobStatus } from "../lifecycle/status.js";
import { JobStatusEnum } from "./enums.js";
import { TaskCounts } from "./job.js";
import { JsonScalar } from "./scalars.js";

@ObjectType({ description: "Failed tasks of one code at one stage." })
export class ErrorGroup {
  @Field(() => String, { description: "The error code that these tasks ended with." })
  readonly code!: string;
  @Field(() => String, { nullable: true, description: "Where they failed; null where that was in no stage." })
  readonly stage!: string | null;
  @Field(() => Int, { description: "How many tasks." })
  readonly count!: number;
  @Field(() => [ID], { description: "The first five, in document order." })
  readonly sampleTaskIds!: string[];
  @Field(() => Boolean, { description: "Whether trying again may help." })
  readonly retryable!: boolean;
}

@ObjectType({ description: "How long a stage took, over all its completed passages." })
export class StageSummary {
  @Field(() => String, { description: "The name of the stage." })
  readonly stage!: string;
  @Field(() => Int, { description: "How many passages were completed." })
  readonly count!: number;
  @Field(() => Float, { description: "Half of the passages took no longer, in milliseconds." })
  readonly p50Ms!: number;
  @Field(() => Float, { description: "Nineteen in twenty took no longer, in milliseconds." })
  readonly p95Ms!: number;
  @Field(() => Float, { description: "The longest passage, in milliseconds." })
  readonly maxMs!: number;
}

@ObjectType({ description: "What came out of a run." })
@Entity("job_summary")
export class JobSummary {
  @PrimaryColumn({ name: "job_id", type: "uuid" })
  readonly jobId!: string;

  @Field(() => JobStatusEnum, { description: "What the job was settled as." })
  @Column({ type: "text" })
  readonly status!: JobStatus;

  @Field(() => TaskCounts, { description: "How its document tasks ended." })
  @Column({ type: "jsonb" })
  readonly counts!: TaskCounts;

  @Field(() => Float, { description: "From the run's first claim to its end." })
  @Column({ name: "duration_ms", type: "double precision" })
  readonly durationMs!: number;

  @Field(() => [ErrorGroup], { description: "What failed, by code and stage, the most frequent first." })
  @Column({ type: "jsonb" })
  readonly errors!: ErrorGroup[];

  /** Reckoned at the first read. */
  @Column({ name: "stages", type: "jsonb", nullable: true })
  readonly keptStages!: StageSummary[] | null;

  @Field(() => JsonScalar, { nullable: true, description: "What the pipeline's collection stages reported." })
  @Column({ type: "jsonb", nullable: true })
  readonly output!: unknown;

  @Field(() => Date, { description: "When the run was settled." })
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;
}
