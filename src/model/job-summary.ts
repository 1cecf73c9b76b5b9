import { Field, Float, ID, Int, ObjectType } from "type-graphql";
import { Column, Entity, PrimaryColumn } from "typeorm";
import type { JobStatus } from "../lifecycle/status.js";
import { JobStatusEnum } from "./enums.js";
import { TaskCounts } from "./job.js";
import { JsonScalar } from "./scalars.js";

@ObjectType({ description: "Failed tasks of one code at one stage." })
export class ErrorGroup {
  @Field(() => String)
  readonly code!: string;
  @Field(() => String, { nullable: true })
  readonly stage!: string | null;
  @Field(() => Int)
  readonly count!: number;
  @Field(() => [ID], { description: "The first five, in document order." })
  readonly sampleTaskIds!: string[];
  @Field(() => Boolean, { description: "Whether trying again may help." })
  readonly retryable!: boolean;
}

@ObjectType({ description: "How long a stage took, over all its completed passages." })
export class StageSummary {
  @Field(() => String)
  readonly stage!: string;
  @Field(() => Int)
  readonly count!: number;
  @Field(() => Float)
  readonly p50Ms!: number;
  @Field(() => Float)
  readonly p95Ms!: number;
  @Field(() => Float)
  readonly maxMs!: number;
}

@ObjectType({ description: "What came out of a run." })
@Entity("job_summary")
export class JobSummary {
  @PrimaryColumn({ name: "job_id", type: "uuid" })
  readonly jobId!: string;

  @Field(() => JobStatusEnum)
  @Column({ type: "text" })
  readonly status!: JobStatus;

  @Field(() => TaskCounts)
  @Column({ type: "jsonb" })
  readonly counts!: TaskCounts;

  @Field(() => Float, { description: "From the run's first claim to its end." })
  @Column({ name: "duration_ms", type: "double precision" })
  readonly durationMs!: number;

  @Field(() => [ErrorGroup])
  @Column({ type: "jsonb" })
  readonly errors!: ErrorGroup[];

  /** Reckoned at the first read. */
  @Column({ name: "stages", type: "jsonb", nullable: true })
  readonly keptStages!: StageSummary[] | null;

  @Field(() => JsonScalar, { nullable: true, description: "What the pipeline's collection stages reported." })
  @Column({ type: "jsonb", nullable: true })
  readonly output!: unknown;

  @Field(() => Date)
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;
}
