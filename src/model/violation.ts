import { Field, ID, ObjectType } from "type-graphql";
import { EntityTypeEnum } from "./enums.js";

@ObjectType({ description: "Broken invariant." })
export class Violation {
  @Field(() => String, {
    description:
      "Code of the invariant: S for the current state, H for the history, E for recorded evidence. See docs/lifecycle.md.",
  })
  readonly invariant!: string;
  @Field(() => String, { description: "Meaning of the code: what must hold and does not." })
  readonly meaning!: string;
  @Field(() => EntityTypeEnum, {
    nullable: true,
    description: "Kind of entity; null if the violation is not about one entity.",
  })
  readonly entityType!: string | null;
  @Field(() => ID, { nullable: true, description: "ID of the entity; null if the violation is not about one entity." })
  readonly entityId!: string | null;
  @Field(() => String, { description: "Finding, with the values." })
  readonly detail!: string;
}
