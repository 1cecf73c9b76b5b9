import { Field, ObjectType } from "type-graphql";

@ObjectType({ description: "Signed URL. Anyone who has it can use it without a key." })
export class SignedUrl {
  @Field(() => String, {
    description:
      "URL for GET and HEAD, with range requests; served as a download. Rejected once the key that requested it is revoked or expired.",
  })
  readonly url!: string;
  @Field(() => Date, {
    description: "Time from which the URL is rejected. Never later than the expiry of the key that requested it.",
  })
  readonly expiresAt!: Date;
}
