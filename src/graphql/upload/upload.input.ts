import { Field, ID, InputType } from "type-graphql";
import { BigIntScalar } from "../../model/scalars.js";

@InputType({ description: "File to upload." })
export class UploadFileInput {
  @Field(() => String, {
    description: "File name for messages, 1 to 500 characters. The document has a name of its own.",
  })
  readonly name!: string;
  @Field(() => String, { nullable: true, description: "Declared media type, used for a document that declares none." })
  readonly mediaType?: string | null;
  @Field(() => BigIntScalar, { description: "Exact size in bytes, at most HEADWAY_MAX_DOCUMENT_BYTES." })
  readonly sizeBytes!: number;
  @Field(() => String, {
    nullable: true,
    description: "SHA-256 of the file in hex. If given, different content is rejected.",
  })
  readonly sha256?: string | null;
}

@InputType({ description: "Files to upload." })
export class CreateUploadsInput {
  @Field(() => [UploadFileInput], { description: "Files, 1 to 1,000." })
  readonly files!: UploadFileInput[];
  @Field(() => ID, {
    nullable: true,
    description:
      "ID of the only collection that may use the uploads; any collection if absent. For a browser key, always its own collection.",
  })
  readonly collectionId?: string | null;
}
