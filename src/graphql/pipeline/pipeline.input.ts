import { Field, InputType } from "type-graphql";

@InputType({ description: "Pipeline to pause, with a reason." })
export class PausePipelineInput {
  @Field(() => String, { description: "Name of the pipeline." })
  readonly pipeline!: string;
  @Field(() => String, { description: "Reason, shown for every job that waits for the pipeline." })
  readonly reason!: string;
}

@InputType({ description: "Pipeline to resume." })
export class ResumePipelineInput {
  @Field(() => String, { description: "Name of the pipeline." })
  readonly pipeline!: string;
}
