import { Field, Float, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import { WorkerStatusEnum } from "./enums.js";
import { NodeEntity, NodeType } from "./node.js";
import { BigIntScalar, wholeNumber } from "./scalars.js";

/** What a worker runs: of each pipeline its version, and its stages with how often each is tried. */
export type Serves = Readonly<
  Record<string, { readonly version: number; readonly stages: Readonly<Record<string, number>> }>
>;

@ObjectType({ description: "What a worker takes of one pipeline." })
export class ServedPipeline {
  @Field(() => String, { description: "The name of the pipeline." })
  readonly pipeline!: string;
  @Field(() => Int, { description: "The version that the worker runs." })
  readonly version!: number;
  @Field(() => [String], { description: "Names of the stages that it runs." })
  readonly stages!: string[];
}

@ObjectType({ implements: NodeType, description: "A process that runs tasks, as its own claim loop reports it." })
// The view adds to the table how the worker does, by the database's clock.
@Entity("worker_now")
export class Worker extends NodeEntity {
  @Field(() => String, { description: "The machine it runs on." })
  @Column({ type: "text" })
  readonly hostname!: string;
  @Field(() => Int, { description: "Its process on that machine." })
  @Column({ type: "int" })
  readonly pid!: number;
  @Field(() => String, { name: "version", description: "Of Headway." })
  @Column({ type: "text" })
  readonly build!: string;
  @Field(() => WorkerStatusEnum, { description: "How it does, by what its loop and its heart last wrote." })
  @Column({ type: "text", insert: false, update: false })
  readonly status!: "STARTING" | "RUNNING" | "DRAINING" | "STALLED" | "LOST" | "STOPPED";
  @Field(() => [String], { description: "Names of the pipelines whose tasks it takes." })
  @Column({ type: "text", array: true })
  readonly pipelines!: string[];
  /** Of each its version and its stages. */
  @Column({ type: "jsonb" })
  readonly serves!: Serves;
  @Field(() => Int, { description: "How many tasks it runs at once at most." })
  @Column({ type: "int" })
  readonly concurrency!: number;
  @Field(() => Int, { description: "How many it runs now." })
  @Column({ type: "int" })
  readonly running!: number;
  @Field(() => Date, { description: "When the process began to serve." })
  @Column({ name: "started_at", type: "timestamptz" })
  readonly startedAt!: Date;
  @Field(() => Date, { description: "When it was last heard from." })
  @Column({ name: "heartbeat_at", type: "timestamptz" })
  readonly heartbeatAt!: Date;
  @Field(() => Date, { description: "Time of the last iteration of its claim loop, whether or not it found work." })
  @Column({ name: "last_loop_at", type: "timestamptz" })
  readonly lastLoopAt!: Date;
  @Field(() => Date, { nullable: true, description: "When it last took a task; null where it never has." })
  @Column({ name: "last_claim_at", type: "timestamptz", nullable: true })
  readonly lastClaimAt!: Date | null;
  @Field(() => BigIntScalar, { description: "Number of iterations of its claim loop." })
  @Column({ name: "loop_iterations", type: "bigint", transformer: wholeNumber })
  readonly loopIterations!: number;
  @Field(() => Float, { description: "How late its timers were at the last heartbeat, in milliseconds." })
  @Column({ name: "event_loop_lag_ms", type: "double precision" })
  readonly eventLoopLagMs!: number;
  @Column({ name: "stopped_at", type: "timestamptz", nullable: true })
  readonly stoppedAt!: Date | null;
}
