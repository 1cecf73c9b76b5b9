import { Field, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import type { JobStatus } from "../lifecycle/status.js";
import { JobStatusEnum, SubmitModeEnum } from "./enums.js";
import { TrackedEntity } from "./node.js";
import { JsonScalar } from "./scalars.js";

@ObjectType({ description: "Of document tasks; the collection task is apart." })
export class TaskCounts {
  @Field(() => Int)
  readonly total!: number;
  @Field(() => Int)
  readonly waiting!: number;
  @Field(() => Int)
  readonly queued!: number;
  @Field(() => Int)
  readonly running!: number;
  @Field(() => Int)
  readonly completed!: number;
  @Field(() => Int)
  readonly failed!: number;
  @Field(() => Int)
  readonly cancelled!: number;
  @Field(() => Int)
  readonly skipped!: number;
}

@ObjectType({ description: "Document tasks by stage: those at it, those past it, those that failed at it." })
export class StageCount {
  @Field(() => String)
  readonly stage!: string;
  @Field(() => Int)
  readonly queued!: number;
  @Field(() => Int)
  readonly running!: number;
  @Field(() => Int)
  readonly completed!: number;
  @Field(() => Int)
  readonly failed!: number;
}

@ObjectType({ implements: TrackedEntity, description: "One submission of a collection to a pipeline." })
@Entity("job")
export class Job extends TrackedEntity {
  @Column({ name: "collection_id", type: "uuid" })
  readonly collectionId!: string;

  @Field(() => String)
  @Column({ type: "text" })
  readonly pipeline!: string;

  @Field(() => Int)
  @Column({ name: "pipeline_version", type: "int" })
  readonly pipelineVersion!: number;

  @Column({ name: "document_stages", type: "text", array: true })
  readonly documentStages!: string[];

  @Column({ name: "collection_stages", type: "text", array: true })
  readonly collectionStages!: string[];

  @Field(() => JsonScalar, { description: "As the pipeline's schema completed them." })
  @Column({ type: "jsonb" })
  readonly options!: Record<string, unknown>;

  @Field(() => [String])
  @Column({ type: "text", array: true })
  readonly tags!: string[];

  @Field(() => Int, { description: "-100 to 100; higher first." })
  @Column({ type: "int" })
  readonly priority!: number;

  @Field(() => SubmitModeEnum, { description: "How much of the collection it was asked to do." })
  @Column({ type: "text" })
  readonly mode!: "FULL" | "INCREMENTAL";

  @Field(() => JobStatusEnum)
  @Column({ type: "text" })
  readonly status!: JobStatus;

  @Field(() => Int, { description: "1 for the first run, one more for each retryJob." })
  @Column({ type: "int" })
  readonly run!: number;

  @Column({ type: "int" })
  readonly total!: number;
  @Column({ type: "int" })
  readonly queued!: number;
  @Column({ type: "int" })
  readonly running!: number;
  @Column({ type: "int" })
  readonly completed!: number;
  @Column({ type: "int" })
  readonly failed!: number;
  @Column({ type: "int" })
  readonly cancelled!: number;
  @Column({ type: "int" })
  readonly skipped!: number;
  @Column({ name: "settled_peak", type: "int" })
  readonly settledPeak!: number;

  @Field(() => Date, { nullable: true, description: "When this run's first task was claimed." })
  @Column({ name: "started_at", type: "timestamptz", nullable: true })
  readonly startedAt!: Date | null;

  @Field(() => Date, { nullable: true, description: "Null while it is open." })
  @Column({ name: "finished_at", type: "timestamptz", nullable: true })
  readonly finishedAt!: Date | null;

  @Field(() => Date, { nullable: true })
  @Column({ name: "cancel_requested_at", type: "timestamptz", nullable: true })
  readonly cancelRequestedAt!: Date | null;
}
