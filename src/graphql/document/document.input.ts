import { Field, ID, InputType } from "type-graphql";
import { JsonScalar } from "../../model/scalars.js";

@InputType({ description: "Filter for documents. A document must match all given fields." })
export class DocumentFilter {
  @Field(() => String, { nullable: true, description: "Part of the name, ignoring case." })
  readonly nameContains?: string | null;
  @Field(() => [String], { nullable: true, description: "Media types to include, as detected from the content." })
  readonly mediaType?: string[] | null;
}

@InputType({
  description:
    "Document to add. Give exactly one of `text`, `base64`, `uri` and `uploadId`. If the collection has a document with the same name, equal content changes nothing, and different content replaces the old content (`contentVersion` + 1).",
})
export class DocumentInput {
  @Field(() => String, {
    description: 'Name, 1 to 500 characters, unique in the collection. It may contain folders, but not "..".',
  })
  readonly name!: string;
  @Field(() => String, { nullable: true, description: "Declared media type. Stages detect the actual one." })
  readonly mediaType?: string | null;
  @Field(() => JsonScalar, { nullable: true, description: "Metadata, a JSON object." })
  readonly metadata?: unknown;
  @Field(() => String, { nullable: true, description: "Content as text, stored as UTF-8." })
  readonly text?: string | null;
  @Field(() => String, { nullable: true, description: "Content in base64, standard alphabet." })
  readonly base64?: string | null;
  @Field(() => String, {
    nullable: true,
    description:
      "URI from which a worker downloads the content: `http:` or `https:` at a public address, `file:` below one of HEADWAY_FILE_ROOTS, or `s3:` below one of HEADWAY_S3_SOURCES.",
  })
  readonly uri?: string | null;
  @Field(() => ID, {
    nullable: true,
    description:
      "ID of a completed upload. Several documents can use the same upload; its bytes are kept until the last of them is removed.",
  })
  readonly uploadId?: string | null;
}

@InputType({ description: "Documents to add to a collection. All or none are added." })
export class AddDocumentsInput {
  @Field(() => ID, { description: "ID of the collection." })
  readonly collectionId!: string;
  @Field(() => [DocumentInput], { description: "Documents, at least one, with distinct names." })
  readonly documents!: DocumentInput[];
}

@InputType({ description: "Documents to remove from a collection. All or none are removed." })
export class RemoveDocumentsInput {
  @Field(() => ID, { description: "ID of the collection." })
  readonly collectionId!: string;
  @Field(() => [ID], { description: "IDs of documents of this collection, at least one." })
  readonly documentIds!: string[];
}
