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
      "Creates uploads for files that are too large for a request. Send each file to its `url`, with PUT or the tus protocol, then add it as a document with `DocumentInput.uploadId`. Uploads belong to the key that creates them. Requires OPERATOR, or a browser key with UPLOAD. Errors: INVALID_INPUT, LIMIT_EXCEEDED, NOT_FOUND, COLLECTION_EXPIRED, TOO_LARGE.",
  })
  createUploads(
    @Arg("input", () => CreateUploadsInput, { description: "The files." }) input: CreateUploadsInput,
    @Ctx() { deps, actor }: GraphContext,
  ): Promise<object> {
    return payload({ uploads: [] }, async () => ({ uploads: await createUploads(deps, actor, input) }));
  }

  @FieldResolver(() => String, {
    description:
      "Signed URL to send the bytes to, without a key: in one request with PUT, which restarts from the beginning after a failure, or with the tus protocol (HEAD, PATCH), which resumes. Valid for one day, or until the key that created it expires.",
  })
  async url(@Root() { id }: Upload, @Ctx() context: GraphContext): Promise<string> {
    return (await signedFor(context, { method: "PUT", object: `uploads/${id}` }, UPLOAD_LIFE_MS)).url;
  }
}
