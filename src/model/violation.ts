import { Field, ID, ObjectType } from "type-graphql";
import { EntityTypeEnum } from "./enums.js";

@ObjectType({ description: "Something that must never be and is." })
export class Violation {
  @Field(() => String, { description: "S of one state, H of the history, E of the evidence." })
  readonly invariant!: string;
  @Field(() => String, { description: "What must hold and does not, in a sentence." })
  readonly meaning!: string;
  @Field(() => EntityTypeEnum, { nullable: true, description: "What it is about, where it is about one thing." })
  readonly entityType!: string | null;
  @Field(() => ID, { nullable: true, description: "The id of that thing." })
  readonly entityId!: string | null;
  @Field(() => String, { description: "What was found, with the values." })
  readonly detail!: string;
}
