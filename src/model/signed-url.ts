import { Field, ObjectType } from "type-graphql";

@ObjectType({ description: "An address that carries its own right: whoever has it needs no key." })
export class SignedUrl {
  @Field(() => String, {
    description: "GET and HEAD, with ranges, as a download. Refused once the key that asked for it is no longer good.",
  })
  readonly url!: string;
  @Field(() => Date, {
    description: "From then on it is refused; never later than the end of the key that asked for it.",
  })
  readonly expiresAt!: Date;
}
