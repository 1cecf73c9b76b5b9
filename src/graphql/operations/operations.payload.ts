import { Field, Int, ObjectType } from "type-graphql";
import { StatusChange } from "../../model/status-change.js";

@ObjectType({ description: "Result of `repair`." })
export class RepairPayload {
  @Field(() => Int, { description: "Number of rows whose status was corrected; 0 if all were right." })
  readonly changed!: number;
  @Field(() => [StatusChange], { description: "Changes that the repair made, at most the first 100." })
  readonly firstChanges!: StatusChange[];
}
