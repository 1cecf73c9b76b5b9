import { Field, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import { NodeEntity, NodeType } from "./node.js";
import { BigIntScalar, JsonScalar, wholeNumber } from "./scalars.js";
import { Warning } from "./warning.js";

@ObjectType({ implements: NodeType, description: "Document of a collection." })
@Entity("document")
export class Document extends NodeEntity {
  @Column({ name: "collection_id", type: "uuid" })
  readonly collectionId!: string;

  @Field(() => String, { description: "Name, unique in the collection." })
  @Column({ type: "text" })
  readonly name!: string;

  @Field(() => String, {
    nullable: true,
    description: "Media type: at first as declared, later as detected from the content; null if unknown.",
  })
  @Column({ name: "media_type", type: "text", nullable: true })
  readonly mediaType!: string | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: "Size in bytes; null until the content has been downloaded.",
  })
  @Column({ name: "size_bytes", type: "bigint", nullable: true, transformer: wholeNumber })
  readonly sizeBytes!: number | null;

  @Field(() => String, { nullable: true, description: "SHA-256 of the content, in lower-case hex." })
  @Column({ type: "text", nullable: true })
  readonly sha256!: string | null;

  @Field(() => Int, {
    description:
      "Version of the content. It grows by one when a document with the same name is added with different content.",
  })
  @Column({ name: "content_version", type: "int" })
  readonly contentVersion!: number;

  @Field(() => String, {
    nullable: true,
    description: "URI that the content is downloaded from; null if the content was sent with the request or uploaded.",
  })
  @Column({ name: "source_uri", type: "text", nullable: true })
  readonly sourceUri!: string | null;

  @Field(() => JsonScalar, {
    description:
      "Metadata given when the document was added, and metadata that stages extracted, such as pages, width, durationSeconds, camera, author.",
  })
  @Column({ type: "jsonb" })
  readonly metadata!: Record<string, unknown>;

  @Field(() => Date, { description: "Time when the document was first added. New content does not change it." })
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;

  @Field(() => [Warning], {
    description: "Warnings of the task that extracted the current text, such as missing or doubtful parts.",
  })
  @Column({ type: "jsonb" })
  readonly warnings!: Warning[];

  @Column({ name: "blob_key", type: "text", nullable: true })
  readonly blobKey!: string | null;

  @Column({ name: "content_task_id", type: "uuid", nullable: true })
  readonly contentTaskId!: string | null;

  @Column({ name: "text_fence", type: "bigint", nullable: true })
  readonly textFence!: string | null;

  @Column({ name: "chunk_fence", type: "bigint", nullable: true })
  readonly chunkFence!: string | null;
}
