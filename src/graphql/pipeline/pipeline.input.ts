import { Field, InputType } from "type-graphql";

@InputType({ description: "Which pipeline to pause, and why." })
export class PausePipelineInput {
  @Field(() => String, { description: "Its name." })
  readonly pipeline!: string;
  @Field(() => String, { description: "Shown to everybody whose jobs wait for it." })
  readonly reason!: string;
}

@InputType({ description: "Which pipeline to resume." })
export class ResumePipelineInput {
  @Field(() => String, { description: "Its name." })
  readonly pipeline!: string;
}
