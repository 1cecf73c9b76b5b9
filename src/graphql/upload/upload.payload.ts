import { Field, ObjectType } from "type-graphql";
import { Upload } from "../../model/upload.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "One upload for each file, in the order given; or none, and why." })
export class CreateUploadsPayload {
  @Field(() => [Upload], { description: "In the order of `files`." })
  readonly uploads!: Upload[];
  @Field(() => [UserError], { description: "Empty when all is done." })
  readonly userErrors!: UserError[];
}
