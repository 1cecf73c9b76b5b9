import { Field, ID, ObjectType } from "type-graphql";
import { ApiKey } from "../../model/api-key.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "Result of `createBrowserKey`." })
export class CreateBrowserKeyPayload {
  @Field(() => String, { nullable: true, description: "Secret of the key, shown only here; null on failure." })
  readonly key!: string | null;
  @Field(() => Date, {
    nullable: true,
    description: "Time from which the key is rejected and its sockets are closed; null on failure.",
  })
  readonly expiresAt!: Date | null;
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "Result of `createKey`." })
export class CreateKeyPayload {
  @Field(() => String, { nullable: true, description: "Secret of the key, shown only here; null on failure." })
  readonly key!: string | null;
  @Field(() => ApiKey, { nullable: true, description: "The new key, as in `keys`; null on failure." })
  readonly apiKey!: ApiKey | null;
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "Result of `revokeKey`." })
export class RevokeKeyPayload {
  @Field(() => ID, { nullable: true, description: "ID of the revoked key; null on failure." })
  readonly revokedId!: string | null;
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}
