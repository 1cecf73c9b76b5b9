import { Field, ID, InputType } from "type-graphql";
import { JsonScalar } from "../../model/scalars.js";

@InputType({ description: "All that are given must hold." })
export class DocumentFilter {
  @Field(() => String, { nullable: true, description: "Without regard to case." })
  readonly nameContains?: string | null;
  @Field(() => [String], { nullable: true, description: "Of one of these media types, as found by content." })
  readonly mediaType?: string[] | null;
}

@InputType({
  description:
    "Exactly one of text, base64, uri, uploadId. The name is unique in its collection: the same name with the same bytes changes nothing, with other bytes it is the document's new content (contentVersion + 1); a name without a folder part is kept as given.",
})
export class DocumentInput {
  @Field(() => String, {
    description: '1 to 500 characters, unique in the collection; a folder part is kept, ".." is refused.',
  })
  readonly name!: string;
  @Field(() => String, { nullable: true, description: "A claim; the validate stage finds out." })
  readonly mediaType?: string | null;
  @Field(() => JsonScalar, { nullable: true, description: "A JSON object." })
  readonly metadata?: unknown;
  @Field(() => String, { nullable: true, description: "The content as text, kept as UTF-8." })
  readonly text?: string | null;
  @Field(() => String, { nullable: true, description: "The content as bytes in base64, in the standard alphabet." })
  readonly base64?: string | null;
  @Field(() => String, {
    nullable: true,
    description:
      "Where a worker gets the bytes: `http:` or `https:` at a public address, `file:` below one of HEADWAY_FILE_ROOTS, `s3:` below one of HEADWAY_S3_SOURCES.",
  })
  readonly uri?: string | null;
  @Field(() => ID, {
    nullable: true,
    description:
      "Of an upload whose bytes have come in. It can serve several documents, and the same one again; the bytes are kept until the last of them is gone.",
  })
  readonly uploadId?: string | null;
}

@InputType({ description: "Documents for one collection; all of them are taken, or none." })
export class AddDocumentsInput {
  @Field(() => ID, { description: "Where they go." })
  readonly collectionId!: string;
  @Field(() => [DocumentInput], { description: "At least one; no two of the same name." })
  readonly documents!: DocumentInput[];
}

@InputType({ description: "Documents of one collection; all of them go, or none." })
export class RemoveDocumentsInput {
  @Field(() => ID, { description: "Where they are." })
  readonly collectionId!: string;
  @Field(() => [ID], { description: "At least one; all must be of this collection." })
  readonly documentIds!: string[];
}
