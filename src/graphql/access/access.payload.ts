import { Field, ID, ObjectType } from "type-graphql";
import { ApiKey } from "../../model/api-key.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "A key to hand to a browser." })
export class CreateBrowserKeyPayload {
  @Field(() => String, { nullable: true, description: "Shown this once." })
  readonly key!: string | null;
  @Field(() => Date, { nullable: true, description: "From then on it is refused, and its sockets are closed." })
  readonly expiresAt!: Date | null;
  @Field(() => [UserError], { description: "What was wrong; the key is null then." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "A new key, and what it is." })
export class CreateKeyPayload {
  @Field(() => String, { nullable: true, description: "Shown this once; null where it was refused." })
  readonly key!: string | null;
  @Field(() => ApiKey, { nullable: true, description: "The key as `keys` tells it; null where it was refused." })
  readonly apiKey!: ApiKey | null;
  @Field(() => [UserError], { description: "What was wrong; empty when it was made." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "What came of revokeKey." })
export class RevokeKeyPayload {
  @Field(() => ID, { nullable: true, description: "The key that is no longer good; null where it was refused." })
  readonly revokedId!: string | null;
  @Field(() => [UserError], { description: "Why none was revoked; empty when one was." })
  readonly userErrors!: UserError[];
}
