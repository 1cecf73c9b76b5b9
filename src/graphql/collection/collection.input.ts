import { Field, ID, InputType, Int } from "type-graphql";
import { CollectionStatusEnum } from "../../model/enums.js";
import { JsonScalar } from "../../model/scalars.js";

@InputType({ description: "Filter for collections. A collection must match all given fields." })
export class CollectionFilter {
  @Field(() => [CollectionStatusEnum], {
    nullable: true,
    description: "Statuses to include. An empty list matches nothing.",
  })
  readonly status?: string[] | null;
  @Field(() => String, { nullable: true, description: "Part of the name, ignoring case." })
  readonly nameContains?: string | null;
  @Field(() => Date, { nullable: true, description: "Earliest time of creation, inclusive." })
  readonly createdAfter?: Date | null;
  @Field(() => Date, { nullable: true, description: "Latest time of creation, exclusive." })
  readonly createdBefore?: Date | null;
  @Field(() => JsonScalar, { nullable: true, description: "JSON value that the metadata must contain." })
  readonly metadata?: unknown;
}

@InputType({ description: "Collection to create." })
export class CreateCollectionInput {
  @Field(() => String, { description: "Name, 1 to 500 characters, unique in the project." })
  readonly name!: string;
  @Field(() => String, { nullable: true, description: "Description, at most 10,000 characters." })
  readonly description?: string | null;
  @Field(() => JsonScalar, { nullable: true, description: "Metadata, a JSON object." })
  readonly metadata?: unknown;
  @Field(() => Int, {
    nullable: true,
    description: "Days until the collection expires, 1 to 36,500. Default: HEADWAY_RETENTION_DAYS.",
  })
  readonly expiresInDays?: number | null;
}

@InputType({ description: "Changes to a collection. Absent fields are not changed." })
export class UpdateCollectionInput {
  @Field(() => ID, { description: "ID of the collection." })
  readonly collectionId!: string;
  @Field(() => String, {
    nullable: true,
    description: "Name, 1 to 500 characters, unique in the project. Null is rejected.",
  })
  readonly name?: string | null;
  @Field(() => String, { nullable: true, description: "Description, at most 10,000 characters. Null removes it." })
  readonly description?: string | null;
  @Field(() => JsonScalar, {
    nullable: true,
    description: "JSON object that replaces all metadata. Null clears it.",
  })
  readonly metadata?: unknown;
  @Field(() => Date, { nullable: true, description: "Time of expiry, in the future. Null means never." })
  readonly expiresAt?: Date | null;
}

@InputType({
  description: "Collection to expire now.",
})
export class DeleteCollectionInput {
  @Field(() => ID, { description: "ID of the collection." })
  readonly collectionId!: string;
}
