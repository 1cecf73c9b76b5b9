import { Field, Int, ObjectType } from "type-graphql";
import { JsonScalar } from "./scalars.js";

@ObjectType("Pipeline", { description: "Pipeline that collections can be submitted to." })
export class PipelineInfo {
  @Field(() => String, { description: "Name of the pipeline, as used by `submitJob`." })
  readonly name!: string;
  @Field(() => Int, { description: "Version, raised by its authors when results change." })
  readonly version!: number;
  @Field(() => String, { nullable: true, description: "Description given by its authors; null if there is none." })
  readonly description!: string | null;
  @Field(() => [String], { description: "Names of the stages that run for every document, in order." })
  readonly documentStages!: string[];
  @Field(() => [String], {
    description: "Names of the stages that run once after all document tasks have settled, in order.",
  })
  readonly collectionStages!: string[];
  @Field(() => Boolean, {
    description: "Whether the pipeline is paused. Tasks of a paused pipeline are not claimed; running ones continue.",
  })
  readonly paused!: boolean;
  @Field(() => String, { nullable: true, description: "Reason for the pause; null if the pipeline is not paused." })
  readonly pausedReason!: string | null;
  @Field(() => String, { nullable: true, description: "Name of the key that paused it; null if it is not paused." })
  readonly pausedBy!: string | null;
  @Field(() => Date, { nullable: true, description: "Time of the pause; null if the pipeline is not paused." })
  readonly pausedAt!: Date | null;
  @Field(() => JsonScalar, { nullable: true, description: "JSON Schema of the options; null if there are none." })
  readonly optionsSchema!: unknown;
  @Field(() => Int, { description: "Number of tasks that are due now or later." })
  readonly queued!: number;
  @Field(() => Int, { description: "Number of tasks that workers are running." })
  readonly running!: number;
  @Field(() => Date, {
    nullable: true,
    description: "Time since which the longest waiting task has been due; null if no task is queued.",
  })
  readonly oldestQueuedAt!: Date | null;
}
