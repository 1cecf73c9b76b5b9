import { Field, Int, ObjectType } from "type-graphql";
import { JsonScalar } from "./scalars.js";

@ObjectType("Pipeline", { description: "What collections can be submitted to." })
export class PipelineInfo {
  @Field(() => String)
  readonly name!: string;
  @Field(() => Int)
  readonly version!: number;
  @Field(() => String, { nullable: true })
  readonly description!: string | null;
  @Field(() => [String])
  readonly documentStages!: string[];
  @Field(() => [String])
  readonly collectionStages!: string[];
  @Field(() => Boolean, { description: "Whether its waiting tasks are left where they are; running ones go on." })
  readonly paused!: boolean;
  @Field(() => String, { nullable: true })
  readonly pausedReason!: string | null;
  @Field(() => JsonScalar, { nullable: true, description: "JSON Schema of the options; null where there are none." })
  readonly optionsSchema!: unknown;
  @Field(() => Int, { description: "Tasks due or waiting for their time." })
  readonly queued!: number;
  @Field(() => Int)
  readonly running!: number;
  @Field(() => Date, { nullable: true })
  readonly oldestQueuedAt!: Date | null;
}
