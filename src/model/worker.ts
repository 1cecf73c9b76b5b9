import { Field, Float, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import { WorkerStatusEnum } from "./enums.js";
import { NodeEntity, NodeType } from "./node.js";
import { BigIntScalar, wholeNumber } from "./scalars.js";

/** What a worker runs: of each pipeline its version, its stages with how often each is tried, and in its row its limits. */
export type Serves = Readonly<
  Record<
    string,
    {
      readonly version: number;
      readonly stages: Readonly<Record<string, number>>;
      /** As `limit_room` takes them, each with its stage; of the pipeline as a whole the stage is "". */
      readonly limits?: readonly object[];
    }
  >
>;

@ObjectType({ description: "Pipeline that a worker runs." })
export class ServedPipeline {
  @Field(() => String, { description: "Name of the pipeline." })
  readonly pipeline!: string;
  @Field(() => Int, { description: "Version that the worker runs." })
  readonly version!: number;
  @Field(() => [String], { description: "Names of the stages that the worker runs." })
  readonly stages!: string[];
}

@ObjectType({ implements: NodeType, description: "Process that runs tasks." })
// The view adds to the table how the worker does, by the database's clock.
@Entity("worker_now")
export class Worker extends NodeEntity {
  @Field(() => String, { description: "Host name of the machine." })
  @Column({ type: "text" })
  readonly hostname!: string;
  @Field(() => Int, { description: "Process ID on that machine." })
  @Column({ type: "int" })
  readonly pid!: number;
  @Field(() => String, { name: "version", description: "Version of Headway that the worker runs." })
  @Column({ type: "text" })
  readonly build!: string;
  @Field(() => WorkerStatusEnum, {
    description: "State of the worker, from its last heartbeat and claim loop iteration.",
  })
  @Column({ type: "text", insert: false, update: false })
  readonly status!: "STARTING" | "RUNNING" | "DRAINING" | "STALLED" | "LOST" | "STOPPED";
  @Field(() => [String], { description: "Names of the pipelines that the worker serves." })
  @Column({ type: "text", array: true })
  readonly pipelines!: string[];
  /** Of each its version, its stages and its limits. */
  @Column({ type: "jsonb" })
  readonly serves!: Serves;
  @Field(() => Int, { description: "Maximum number of tasks that the worker runs at the same time." })
  @Column({ type: "int" })
  readonly concurrency!: number;
  @Field(() => Int, { description: "Number of tasks that the worker runs now." })
  @Column({ type: "int" })
  readonly running!: number;
  @Field(() => Date, { description: "Time when the worker started." })
  @Column({ name: "started_at", type: "timestamptz" })
  readonly startedAt!: Date;
  @Field(() => Date, { description: "Time of the last heartbeat." })
  @Column({ name: "heartbeat_at", type: "timestamptz" })
  readonly heartbeatAt!: Date;
  @Field(() => Date, { description: "Time of the last iteration of its claim loop, whether or not it found work." })
  @Column({ name: "last_loop_at", type: "timestamptz" })
  readonly lastLoopAt!: Date;
  @Field(() => Date, { nullable: true, description: "Time of the last claim; null if it never claimed a task." })
  @Column({ name: "last_claim_at", type: "timestamptz", nullable: true })
  readonly lastClaimAt!: Date | null;
  @Field(() => BigIntScalar, { description: "Number of iterations of its claim loop." })
  @Column({ name: "loop_iterations", type: "bigint", transformer: wholeNumber })
  readonly loopIterations!: number;
  @Field(() => Float, { description: "Event loop lag at the last heartbeat, in milliseconds." })
  @Column({ name: "event_loop_lag_ms", type: "double precision" })
  readonly eventLoopLagMs!: number;
  @Column({ name: "stopped_at", type: "timestamptz", nullable: true })
  readonly stoppedAt!: Date | null;
}
