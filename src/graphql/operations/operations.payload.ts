import { Field, Int, ObjectType } from "type-graphql";
import { StatusChange } from "../../model/status-change.js";

@ObjectType({ description: "What the repair changed." })
export class RepairPayload {
  @Field(() => Int, { description: "Rows whose status changed; 0 when all was well." })
  readonly changed!: number;
  @Field(() => [StatusChange], { description: "The first 100." })
  readonly firstChanges!: StatusChange[];
}
