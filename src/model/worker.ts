import { Field, Float, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import { WorkerStatusEnum } from "./enums.js";
import { NodeEntity, NodeType } from "./node.js";
import { BigIntScalar, wholeNumber } from "./scalars.js";

@ObjectType({ implements: NodeType, description: "A process that runs tasks, as its own claim loop reports it." })
// The view adds to the table how the worker does, by the database's clock.
@Entity("worker_now")
export class Worker extends NodeEntity {
  @Field(() => String)
  @Column({ type: "text" })
  readonly hostname!: string;
  @Field(() => Int)
  @Column({ type: "int" })
  readonly pid!: number;
  @Field(() => String, { name: "version", description: "Of Headway." })
  @Column({ type: "text" })
  readonly build!: string;
  @Field(() => WorkerStatusEnum)
  @Column({ type: "text", insert: false, update: false })
  readonly status!: "STARTING" | "RUNNING" | "DRAINING" | "STALLED" | "LOST" | "STOPPED";
  @Field(() => [String])
  @Column({ type: "text", array: true })
  readonly pipelines!: string[];
  @Field(() => Int)
  @Column({ type: "int" })
  readonly concurrency!: number;
  @Field(() => Int)
  @Column({ type: "int" })
  readonly running!: number;
  @Field(() => Date)
  @Column({ name: "started_at", type: "timestamptz" })
  readonly startedAt!: Date;
  @Field(() => Date)
  @Column({ name: "heartbeat_at", type: "timestamptz" })
  readonly heartbeatAt!: Date;
  @Field(() => Date, { description: "When the claim loop last went round, found work or not." })
  @Column({ name: "last_loop_at", type: "timestamptz" })
  readonly lastLoopAt!: Date;
  @Field(() => Date, { nullable: true })
  @Column({ name: "last_claim_at", type: "timestamptz", nullable: true })
  readonly lastClaimAt!: Date | null;
  @Field(() => BigIntScalar)
  @Column({ name: "loop_iterations", type: "bigint", transformer: wholeNumber })
  readonly loopIterations!: number;
  @Field(() => Float)
  @Column({ name: "event_loop_lag_ms", type: "double precision" })
  readonly eventLoopLagMs!: number;
  @Column({ name: "stopped_at", type: "timestamptz", nullable: true })
  readonly stoppedAt!: Date | null;
}
