import { Field, ID, InputType } from "type-graphql";

@InputType({ description: "What to converge." })
export class RepairInput {
  @Field(() => ID, { nullable: true, description: "All open jobs when absent." })
  readonly jobId?: string | null;
}
