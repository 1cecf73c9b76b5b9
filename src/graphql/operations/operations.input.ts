import { Field, ID, InputType } from "type-graphql";

@InputType({ description: "Jobs to repair." })
export class RepairInput {
  @Field(() => ID, { nullable: true, description: "ID of the job; all open jobs if absent." })
  readonly jobId?: string | null;
}
