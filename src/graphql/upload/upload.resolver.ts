import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from "type-graphql";
import { createUploads, UPLOAD_LIFE_MS } from "../../engine/uploads/uploads.js";
import { Upload } from "../../model/upload.js";
import type { GraphContext } from "../context.js";
import { payload } from "../errors.js";
import { signedFor } from "../signed-url.js";
import { CreateUploadsInput } from "./upload.input.js";
import { CreateUploadsPayload } from "./upload.payload.js";

@Resolver(() => Upload)
export class UploadResolver {
  @Mutation(() => CreateUploadsPayload, {
    description:
      "Announces files that are too large for a request. Each is sent to its url, with PUT or bit by bit by the tus protocol, and becomes a document by DocumentInput.uploadId. They belong to the key that asks.",
  })
  createUploads(
    @Arg("input", () => CreateUploadsInput, { description: "The files." }) input: CreateUploadsInput,
    @Ctx() { deps, actor }: GraphContext,
  ): Promise<object> {
    return payload({ uploads: [] }, async () => ({ uploads: await createUploads(deps, actor, input) }));
  }

  @FieldResolver(() => String, {
    description:
      "Where to send the bytes: whole with PUT, again from the start where it broke off; or by the core of the tus protocol (HEAD, PATCH), which goes on. The address carries the right to send this one upload, for a day or until the end of the key that asks; no key has to come with it.",
  })
  async url(@Root() { id }: Upload, @Ctx() context: GraphContext): Promise<string> {
    return (await signedFor(context, { method: "PUT", object: `uploads/${id}` }, UPLOAD_LIFE_MS)).url;
  }
}
