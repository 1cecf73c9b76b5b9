import { Field, ObjectType } from "type-graphql";
import { Collection } from "../../model/collection.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "What came of createCollection." })
export class CreateCollectionPayload {
  @Field(() => Collection, { nullable: true, description: "The new collection; null where it was refused." })
  readonly collection!: Collection | null;
  @Field(() => Collection, {
    nullable: true,
    description: "The collection that has the name already, with NAME_TAKEN; null otherwise.",
  })
  readonly existing?: Collection | null;
  @Field(() => [UserError], { description: "What kept it from being created; empty when it was." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "Result of `updateCollection`." })
export class UpdateCollectionPayload {
  @Field(() => Collection, { nullable: true, description: "The collection as it is now; null where it was refused." })
  readonly collection!: Collection | null;
  @Field(() => [UserError], { description: "Why nothing was changed; empty when it was." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "Expired already where nothing runs; else once running work has stopped." })
export class DeleteCollectionPayload {
  @Field(() => Collection, {
    nullable: true,
    description: "The collection as it stands now; null where it was refused.",
  })
  readonly collection!: Collection | null;
  @Field(() => [UserError], { description: "What kept it from being deleted; empty when it was, or is about to be." })
  readonly userErrors!: UserError[];
}
