import { Field, ObjectType } from "type-graphql";
import { PipelineInfo } from "../../model/pipeline.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "Result of `pausePipeline` and `resumePipeline`." })
export class PipelinePayload {
  @Field(() => PipelineInfo, {
    nullable: true,
    description: "The pipeline after the change; null on failure.",
  })
  readonly pipeline!: PipelineInfo | null;
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}
