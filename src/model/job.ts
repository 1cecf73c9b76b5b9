import { Field, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import type { JobStatus } from "../lifecycle/status.js";
import { JobStatusEnum, SubmitModeEnum } from "./enums.js";
import { TrackedEntity } from "./node.js";
import { JsonScalar } from "./scalars.js";

@ObjectType({ description: "Of document tasks; the collection task is apart." })
export class TaskCounts {
  @Field(() => Int, { description: "All document tasks of the job." })
  readonly total!: number;
  @Field(() => Int, { description: "Always 0 of document tasks: only the collection task waits." })
  readonly waiting!: number;
  @Field(() => Int, { description: "Due, or due later." })
  readonly queued!: number;
  @Field(() => Int, { description: "A worker is at them." })
  readonly running!: number;
  @Field(() => Int, { description: "Passed all their stages." })
  readonly completed!: number;
  @Field(() => Int, { description: "Stopped by an error." })
  readonly failed!: number;
  @Field(() => Int, { description: "Stopped by request." })
  readonly cancelled!: number;
  @Field(() => Int, { description: "Had nothing to be done." })
  readonly skipped!: number;
}

@ObjectType({ description: "Document tasks by stage: those at it, those past it, those that failed at it." })
export class StageCount {
  @Field(() => String, { description: "The name of the stage." })
  readonly stage!: string;
  @Field(() => Int, { description: "Tasks that are to run it next." })
  readonly queued!: number;
  @Field(() => Int, { description: "Tasks that a worker runs it for." })
  readonly running!: number;
  @Field(() => Int, { description: "Tasks that have passed it." })
  readonly completed!: number;
  @Field(() => Int, { description: "Tasks that failed at it." })
  readonly failed!: number;
}

@ObjectType({ implements: TrackedEntity, description: "One submission of a collection to a pipeline." })
@Entity("job")
export class Job extends TrackedEntity {
  @Column({ name: "collection_id", type: "uuid" })
  readonly collectionId!: string;

  @Field(() => String, { description: "The name of what it was submitted to." })
  @Column({ type: "text" })
  readonly pipeline!: string;

  @Field(() => Int, { description: "The version that the pipeline had at the submit." })
  @Column({ name: "pipeline_version", type: "int" })
  readonly pipelineVersion!: number;

  @Column({ name: "document_stages", type: "text", array: true })
  readonly documentStages!: string[];

  @Column({ name: "collection_stages", type: "text", array: true })
  readonly collectionStages!: string[];

  @Field(() => JsonScalar, { description: "As the pipeline's schema completed them." })
  @Column({ type: "jsonb" })
  readonly options!: Record<string, unknown>;

  @Field(() => [String], { description: "What the submitter marked it with, for finding it again." })
  @Column({ type: "text", array: true })
  readonly tags!: string[];

  @Field(() => Int, { description: "-100 to 100; higher first." })
  @Column({ type: "int" })
  readonly priority!: number;

  @Field(() => SubmitModeEnum, { description: "How much of the collection it was asked to do." })
  @Column({ type: "text" })
  readonly mode!: "FULL" | "INCREMENTAL";

  @Field(() => JobStatusEnum, { description: "How it stands, rolled up from its tasks." })
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

  @Field(() => Date, { nullable: true, description: "When a cancel of this run was asked for; null where none was." })
  @Column({ name: "cancel_requested_at", type: "timestamptz", nullable: true })
  readonly cancelRequestedAt!: Date | null;
}
