import { Field, ID, ObjectType } from "type-graphql";
import { EntityTypeEnum } from "./enums.js";

@ObjectType({ description: "Something that must never be and is." })
export class Violation {
  @Field(() => String, { description: "S of one state, H of the history, E of the evidence." })
  readonly invariant!: string;
  @Field(() => EntityTypeEnum, { nullable: true })
  readonly entityType!: string | null;
  @Field(() => ID, { nullable: true })
  readonly entityId!: string | null;
  @Field(() => String)
  readonly detail!: string;
}
