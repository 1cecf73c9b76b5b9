import { Field, ObjectType } from "type-graphql";
import { BigIntScalar, JsonScalar } from "./scalars.js";
import { SignedUrl } from "./signed-url.js";

@ObjectType({ description: "What a stage returned, as it is kept. Secrets are hidden in it." })
export class StageOutput {
  @Field(() => BigIntScalar, { description: "As JSON." })
  readonly sizeBytes!: number;
  @Field(() => JsonScalar, { nullable: true, description: "The whole of it; null above 64 KB: see signedUrl." })
  readonly value!: unknown;
  @Field(() => String, { description: "The first 500 characters of its JSON." })
  readonly preview!: string;
  @Field(() => SignedUrl, { nullable: true, description: "Where the whole is, for whoever has the address." })
  readonly signedUrl!: SignedUrl | null;
}
