import { Field, ObjectType } from "type-graphql";
import { PipelineInfo } from "../../model/pipeline.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "What came of pausing or resuming a pipeline." })
export class PipelinePayload {
  @Field(() => PipelineInfo, {
    nullable: true,
    description: "The pipeline as it stands now; null where it was refused.",
  })
  readonly pipeline!: PipelineInfo | null;
  @Field(() => [UserError], { description: "What kept it from being done; empty when it was." })
  readonly userErrors!: UserError[];
}
