import { Field, Int, ObjectType } from "type-graphql";
import { TaskKindEnum } from "./enums.js";

@ObjectType({
  description: "Limits of a stage or of a whole pipeline, and their use over all workers and projects.",
})
export class LimitUse {
  @Field(() => Int, {
    nullable: true,
    description: "Maximum number of tasks in it at the same time; null if unlimited.",
  })
  readonly concurrency!: number | null;
  @Field(() => Int, { nullable: true, description: "Number of tasks in it now; null without `concurrency`." })
  readonly inUse!: number | null;
  @Field(() => Int, {
    nullable: true,
    description: "Maximum number of tasks that may begin within any `ratePerMs`; null if unlimited.",
  })
  readonly rateLimit!: number | null;
  @Field(() => Int, {
    nullable: true,
    description: "Length of the window of `rateLimit`, in milliseconds; null without `rateLimit`.",
  })
  readonly ratePerMs!: number | null;
  @Field(() => Int, { nullable: true, description: "Number of tasks that may begin now; null without `rateLimit`." })
  readonly rateLeft!: number | null;
  @Field(() => Date, {
    nullable: true,
    description: "Time from which the next task may begin; null if one may begin now.",
  })
  readonly opensAt!: Date | null;
}

@ObjectType({ description: "Stage of a pipeline, with the open work of the project at it." })
export class PipelineStage {
  @Field(() => String, { description: "Name, unique in the pipeline." })
  readonly name!: string;
  @Field(() => TaskKindEnum, { description: "Whether it runs for each document or once for the collection." })
  readonly kind!: "DOCUMENT" | "COLLECTION";
  @Field(() => Int, { description: "Maximum number of attempts." })
  readonly maxAttempts!: number;
  @Field(() => Int, { description: "Time limit of one attempt, in milliseconds." })
  readonly timeoutMs!: number;
  @Field(() => Int, { description: "Number of queued tasks at this stage, due now or later." })
  readonly queued!: number;
  @Field(() => Int, { description: "Number of running tasks at this stage." })
  readonly running!: number;
  @Field(() => Date, {
    nullable: true,
    description: "Earliest due time of the queued tasks; null if none is queued.",
  })
  readonly oldestQueuedAt!: Date | null;
  @Field(() => LimitUse, { nullable: true, description: "Limits of this stage; null if it has none." })
  readonly limits!: LimitUse | null;
}
