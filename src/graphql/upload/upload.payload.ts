import { Field, ObjectType } from "type-graphql";
import { Upload } from "../../model/upload.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "Result of `createUploads`. One upload for each file, or none." })
export class CreateUploadsPayload {
  @Field(() => [Upload], { description: "Uploads in the order of `files`; empty on failure." })
  readonly uploads!: Upload[];
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}
