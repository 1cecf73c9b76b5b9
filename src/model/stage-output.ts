import { Field, ObjectType } from "type-graphql";
import { BigIntScalar, JsonScalar } from "./scalars.js";
import { SignedUrl } from "./signed-url.js";

@ObjectType({ description: "Stored output of a stage. Secrets are masked." })
export class StageOutput {
  @Field(() => BigIntScalar, { description: "Size of the JSON in bytes." })
  readonly sizeBytes!: number;
  @Field(() => JsonScalar, {
    nullable: true,
    description: "The whole output; null if it is larger than 64 KB; use `signedUrl` then.",
  })
  readonly value!: unknown;
  @Field(() => String, { description: "First 500 characters of the JSON." })
  readonly preview!: string;
  @Field(() => SignedUrl, {
    nullable: true,
    description: "Signed URL of the whole output, as JSON.",
  })
  readonly signedUrl!: SignedUrl | null;
}
