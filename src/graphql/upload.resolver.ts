import { Arg, Ctx, Field, FieldResolver, Mutation, ObjectType, Resolver, Root } from "type-graphql";
import { createUploads } from "../engine/uploads.js";
import { Upload } from "../model/upload.js";
import type { GraphContext } from "./context.js";
import { payload } from "./errors.js";
import { UserError } from "./payloads.js";
import { CreateUploadsInput } from "./upload.input.js";

@ObjectType({ description: "One upload for each file, in the order given; or none, and why." })
export class CreateUploadsPayload {
  @Field(() => [Upload], { description: "In the order of `files`." })
  readonly uploads!: Upload[];
  @Field(() => [UserError], { description: "Empty when all is done." })
  readonly userErrors!: UserError[];
}

@Resolver(() => Upload)
export class UploadResolver {
  @Mutation(() => CreateUploadsPayload, {
    description:
      "Announces files that are too large for a request. Each is sent with PUT to its url, again from the start where it broke off, and becomes a document by DocumentInput.uploadId.",
  })
  createUploads(
    @Arg("input", () => CreateUploadsInput, { description: "The files." }) input: CreateUploadsInput,
    @Ctx() { parts, actor }: GraphContext,
  ): Promise<object> {
    return payload({ uploads: [] }, async () => ({ uploads: await createUploads(parts, actor, input) }));
  }

  @FieldResolver(() => String, { description: "Where to send the bytes with PUT." })
  url(@Root() { id }: Upload, @Ctx() { publicUrl }: GraphContext): string {
    return `${publicUrl}/uploads/${id}`;
  }
}
