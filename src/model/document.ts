import { Field, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import { NodeEntity, NodeType } from "./node.js";
import { BigIntScalar, JsonScalar, wholeNumber } from "./scalars.js";
import { Warning } from "./warning.js";

@ObjectType({ implements: NodeType, description: "One input of a collection." })
@Entity("document")
export class Document extends NodeEntity {
  @Column({ name: "collection_id", type: "uuid" })
  readonly collectionId!: string;

  @Field(() => String, { description: "Unique in its collection." })
  @Column({ type: "text" })
  readonly name!: string;

  @Field(() => String, { nullable: true, description: "As declared, then as found by content." })
  @Column({ name: "media_type", type: "text", nullable: true })
  readonly mediaType!: string | null;

  @Field(() => BigIntScalar, { nullable: true, description: "Null until the bytes have been fetched, like sha256." })
  @Column({ name: "size_bytes", type: "bigint", nullable: true, transformer: wholeNumber })
  readonly sizeBytes!: number | null;

  @Field(() => String, { nullable: true, description: "Of the bytes, in lower-case hex." })
  @Column({ type: "text", nullable: true })
  readonly sha256!: string | null;

  @Field(() => Int, { description: "Grows by one when other bytes come in under the same name." })
  @Column({ name: "content_version", type: "int" })
  readonly contentVersion!: number;

  @Field(() => String, { nullable: true, description: "Where the bytes come from; null for those sent along." })
  @Column({ name: "source_uri", type: "text", nullable: true })
  readonly sourceUri!: string | null;

  @Field(() => JsonScalar, {
    description: "What the stages found out: pages, width, durationSeconds, camera, author …",
  })
  @Column({ type: "jsonb" })
  readonly metadata!: Record<string, unknown>;

  @Field(() => Date, { description: "When it was first added; new content under its name does not change this." })
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;

  @Field(() => [Warning], {
    description:
      "What the text that readers see lacks, and what is doubtful about it: the warnings of the task that made it.",
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
