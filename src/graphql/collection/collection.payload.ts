import { Field, ObjectType } from "type-graphql";
import { Collection } from "../../model/collection.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "Result of `createCollection`." })
export class CreateCollectionPayload {
  @Field(() => Collection, { nullable: true, description: "The new collection; null on failure." })
  readonly collection!: Collection | null;
  @Field(() => Collection, {
    nullable: true,
    description: "With NAME_TAKEN: the collection that has the name. Null otherwise.",
  })
  readonly existing?: Collection | null;
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "Result of `updateCollection`." })
export class UpdateCollectionPayload {
  @Field(() => Collection, { nullable: true, description: "The collection after the change; null on failure." })
  readonly collection!: Collection | null;
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}

@ObjectType({
  description:
    "Result of `deleteCollection`. The collection is EXPIRED at once if nothing runs; otherwise after running tasks have stopped.",
})
export class DeleteCollectionPayload {
  @Field(() => Collection, {
    nullable: true,
    description: "The collection after the change; null on failure.",
  })
  readonly collection!: Collection | null;
  @Field(() => [UserError], {
    description: "Why the request failed; empty if the collection was, or will be, deleted.",
  })
  readonly userErrors!: UserError[];
}
