import { Field, ObjectType } from "type-graphql";
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
