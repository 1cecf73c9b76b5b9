import { Field, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import type { JobStatus } from "../lifecycle/status.js";
import { JobStatusEnum, SubmitModeEnum } from "./enums.js";
import { TrackedEntity } from "./node.js";
import { JsonScalar } from "./scalars.js";

@ObjectType({ description: "Numbers of document tasks by status. The collection task is not counted." })
export class TaskCounts {
  @Field(() => Int, { description: "Total number of document tasks." })
  readonly total!: number;
  @Field(() => Int, { description: "Always 0: only the collection task can be WAITING." })
  readonly waiting!: number;
  @Field(() => Int, { description: "Tasks that are due now or later." })
  readonly queued!: number;
  @Field(() => Int, { description: "Tasks that a worker is running." })
  readonly running!: number;
  @Field(() => Int, { description: "Tasks that completed all stages." })
  readonly completed!: number;
  @Field(() => Int, { description: "Tasks that failed." })
  readonly failed!: number;
  @Field(() => Int, { description: "Tasks that were cancelled." })
  readonly cancelled!: number;
  @Field(() => Int, { description: "Tasks that were skipped." })
  readonly skipped!: number;
}

@ObjectType({ description: "Numbers of document tasks at one stage." })
export class StageCount {
  @Field(() => String, { description: "Name of the stage." })
  readonly stage!: string;
  @Field(() => Int, { description: "Tasks that wait to run the stage." })
  readonly queued!: number;
  @Field(() => Int, { description: "Tasks that are running the stage." })
  readonly running!: number;
  @Field(() => Int, { description: "Tasks that completed the stage." })
  readonly completed!: number;
  @Field(() => Int, { description: "Tasks that failed at the stage." })
  readonly failed!: number;
}

@ObjectType({ implements: TrackedEntity, description: "Submission of a collection to a pipeline." })
@Entity("job")
export class Job extends TrackedEntity {
  @Column({ name: "collection_id", type: "uuid" })
  readonly collectionId!: string;

  @Field(() => String, { description: "Name of the pipeline." })
  @Column({ type: "text" })
  readonly pipeline!: string;

  @Field(() => Int, { description: "Version of the pipeline when the job was submitted." })
  @Column({ name: "pipeline_version", type: "int" })
  readonly pipelineVersion!: number;

  @Column({ name: "document_stages", type: "text", array: true })
  readonly documentStages!: string[];

  @Column({ name: "collection_stages", type: "text", array: true })
  readonly collectionStages!: string[];

  @Field(() => JsonScalar, { description: "Options of the job, with the pipeline's defaults applied." })
  @Column({ type: "jsonb" })
  readonly options!: Record<string, unknown>;

  @Field(() => [String], { description: "Tags given when the job was submitted." })
  @Column({ type: "text", array: true })
  readonly tags!: string[];

  @Field(() => Int, { description: "Priority, -100 to 100; jobs with a higher priority run first." })
  @Column({ type: "int" })
  readonly priority!: number;

  @Field(() => SubmitModeEnum, { description: "Whether all documents are processed, or only changed ones." })
  @Column({ type: "text" })
  readonly mode!: "FULL" | "INCREMENTAL";

  @Field(() => JobStatusEnum, { description: "Status, which follows from the statuses of the tasks." })
  @Column({ type: "text" })
  readonly status!: JobStatus;

  @Field(() => Int, { description: "Number of the run: 1 for the first, one more for each retry." })
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

  @Field(() => Date, {
    nullable: true,
    description: "Time when the first task of this run was claimed; null before that.",
  })
  @Column({ name: "started_at", type: "timestamptz", nullable: true })
  readonly startedAt!: Date | null;

  @Field(() => Date, { nullable: true, description: "Time when the job settled; null while it is open." })
  @Column({ name: "finished_at", type: "timestamptz", nullable: true })
  readonly finishedAt!: Date | null;

  @Field(() => Date, { nullable: true, description: "Time when a cancel of this run was requested; null if none was." })
  @Column({ name: "cancel_requested_at", type: "timestamptz", nullable: true })
  readonly cancelRequestedAt!: Date | null;
}
