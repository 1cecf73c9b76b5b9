import { Field, Int, ObjectType } from "type-graphql";
import { JsonScalar } from "./scalars.js";

@ObjectType("Pipeline", { description: "What collections can be submitted to." })
export class PipelineInfo {
  @Field(() => String, { description: "What submitJob takes as its pipeline." })
  readonly name!: string;
  @Field(() => Int, { description: "Raised by its authors when results would differ." })
  readonly version!: number;
  @Field(() => String, { nullable: true, description: "What it does, in its authors' words." })
  readonly description!: string | null;
  @Field(() => [String], { description: "Names of the stages that every document goes through, in order." })
  readonly documentStages!: string[];
  @Field(() => [String], { description: "Names of the stages that follow once all documents have settled, in order." })
  readonly collectionStages!: string[];
  @Field(() => Boolean, { description: "Whether its waiting tasks are left where they are; running ones go on." })
  readonly paused!: boolean;
  @Field(() => String, { nullable: true, description: "Why it was paused; null where it is not." })
  readonly pausedReason!: string | null;
  @Field(() => String, { nullable: true, description: "Who paused it; null where it is not." })
  readonly pausedBy!: string | null;
  @Field(() => Date, { nullable: true, description: "Since when it is paused; null where it is not." })
  readonly pausedAt!: Date | null;
  @Field(() => JsonScalar, { nullable: true, description: "JSON Schema of the options; null where there are none." })
  readonly optionsSchema!: unknown;
  @Field(() => Int, { description: "Tasks due or waiting for their time." })
  readonly queued!: number;
  @Field(() => Int, { description: "Tasks that workers are at." })
  readonly running!: number;
  @Field(() => Date, {
    nullable: true,
    description: "When the task that has been due longest became so; null where none is queued.",
  })
  readonly oldestQueuedAt!: Date | null;
}
