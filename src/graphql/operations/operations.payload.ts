import { Field, Int, ObjectType } from "type-graphql";
import { StatusChange } from "../../model/status-change.js";

@ObjectType({ description: "Result of `repair`." })
export class RepairPayload {
  @Field(() => Int, { description: "Number of rows whose status was corrected; 0 if all were right." })
  readonly changed!: number;
  @Field(() => [StatusChange], { description: "The first 100 changes." })
  readonly firstChanges!: StatusChange[];
}
