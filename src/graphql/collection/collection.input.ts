import { Field, ID, InputType, Int } from "type-graphql";
import { CollectionStatusEnum } from "../../model/enums.js";
import { JsonScalar } from "../../model/scalars.js";

@InputType({ description: "All that are given must hold." })
export class CollectionFilter {
  @Field(() => [CollectionStatusEnum], {
    nullable: true,
    description: "In one of these statuses; none fits an empty list.",
  })
  readonly status?: string[] | null;
  @Field(() => String, { nullable: true, description: "Without regard to case." })
  readonly nameContains?: string | null;
  @Field(() => Date, { nullable: true, description: "Inclusive." })
  readonly createdAfter?: Date | null;
  @Field(() => Date, { nullable: true, description: "Exclusive." })
  readonly createdBefore?: Date | null;
  @Field(() => JsonScalar, { nullable: true, description: "Contained in the collection's metadata." })
  readonly metadata?: unknown;
}

@InputType({ description: "A new, empty collection." })
export class CreateCollectionInput {
  @Field(() => String, { description: "1 to 500 characters, unique in the project." })
  readonly name!: string;
  @Field(() => String, { nullable: true, description: "What it is about; at most 10,000 characters." })
  readonly description?: string | null;
  @Field(() => JsonScalar, { nullable: true, description: "A JSON object." })
  readonly metadata?: unknown;
  @Field(() => Int, { nullable: true, description: "1 to 36,500; as HEADWAY_RETENTION_DAYS says when absent." })
  readonly expiresInDays?: number | null;
}

@InputType({ description: "Changes of a collection. A field that is absent stays as it is." })
export class UpdateCollectionInput {
  @Field(() => ID, { description: "Which collection." })
  readonly collectionId!: string;
  @Field(() => String, { nullable: true, description: "1 to 500 characters, unique in the project. Never null." })
  readonly name?: string | null;
  @Field(() => String, { nullable: true, description: "At most 10,000 characters; null removes it." })
  readonly description?: string | null;
  @Field(() => JsonScalar, {
    nullable: true,
    description: "A JSON object that replaces the metadata as a whole; null empties it.",
  })
  readonly metadata?: unknown;
  @Field(() => Date, { nullable: true, description: "A time in the future; null: the collection never expires." })
  readonly expiresAt?: Date | null;
}

@InputType({
  description:
    "Expiry, now: an open job is cancelled first, contents and results go, the record and its history stay (EXPIRED), the name is free again.",
})
export class DeleteCollectionInput {
  @Field(() => ID, { description: "Which collection." })
  readonly collectionId!: string;
}
