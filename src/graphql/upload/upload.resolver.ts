import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from "type-graphql";
import { createUploads } from "../../engine/uploads/uploads.js";
import { Upload } from "../../model/upload.js";
import type { GraphContext } from "../context.js";
import { payload } from "../errors.js";
import { CreateUploadsInput } from "./upload.input.js";
import { CreateUploadsPayload } from "./upload.payload.js";

@Resolver(() => Upload)
export class UploadResolver {
  @Mutation(() => CreateUploadsPayload, {
    description:
      "Announces files that are too large for a request. Each is sent with PUT to its url, again from the start where it broke off, and becomes a document by DocumentInput.uploadId.",
  })
  createUploads(
    @Arg("input", () => CreateUploadsInput, { description: "The files." }) input: CreateUploadsInput,
    @Ctx() { deps, actor }: GraphContext,
  ): Promise<object> {
    return payload({ uploads: [] }, async () => ({ uploads: await createUploads(deps, actor, input) }));
  }

  @FieldResolver(() => String, { description: "Where to send the bytes with PUT." })
  url(@Root() { id }: Upload, @Ctx() { publicUrl }: GraphContext): string {
    return `${publicUrl}/uploads/${id}`;
  }
}
