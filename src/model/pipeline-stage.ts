import { Field, Int, ObjectType } from "type-graphql";
import { TaskKindEnum } from "./enums.js";

@ObjectType({
  description:
    "Limits of a stage or of a pipeline as a whole, and how much of them is in use over all workers and projects.",
})
export class LimitUse {
  @Field(() => Int, { nullable: true, description: "How many tasks may be in it at once; null where any number may." })
  readonly concurrency!: number | null;
  @Field(() => Int, { nullable: true, description: "How many of these places are taken; null without `concurrency`." })
  readonly inUse!: number | null;
  @Field(() => Int, {
    nullable: true,
    description: "How many tasks may begin in any `ratePerMs`; null where any number may.",
  })
  readonly rateLimit!: number | null;
  @Field(() => Int, { nullable: true, description: "The time of the rate, in milliseconds; null without `rateLimit`." })
  readonly ratePerMs!: number | null;
  @Field(() => Int, { nullable: true, description: "How many more may begin now; null without `rateLimit`." })
  readonly rateLeft!: number | null;
  @Field(() => Date, { nullable: true, description: "When the rate lets the next one begin; null while it does." })
  readonly opensAt!: Date | null;
}

@ObjectType({ description: "One stage of a pipeline, and the project's work at it." })
export class PipelineStage {
  @Field(() => String, { description: "Its name, unique in the pipeline." })
  readonly name!: string;
  @Field(() => TaskKindEnum, { description: "Whether each document goes through it, or the collection as a whole." })
  readonly kind!: "DOCUMENT" | "COLLECTION";
  @Field(() => Int, { description: "How often it is tried in all." })
  readonly maxAttempts!: number;
  @Field(() => Int, { description: "How long one try may take, in milliseconds." })
  readonly timeoutMs!: number;
  @Field(() => Int, { description: "Tasks that are to run it next, due now or later." })
  readonly queued!: number;
  @Field(() => Int, { description: "Tasks that a worker runs it for." })
  readonly running!: number;
  @Field(() => Date, {
    nullable: true,
    description: "When the queued task that is due first became or becomes due; null where none is queued.",
  })
  readonly oldestQueuedAt!: Date | null;
  @Field(() => LimitUse, { nullable: true, description: "Its own limits; null where it has none." })
  readonly limits!: LimitUse | null;
}
