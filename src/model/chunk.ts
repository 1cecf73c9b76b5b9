import { Field, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import type { ChunkKind } from "./chunk-kinds.js";
import { ChunkKindEnum } from "./enums.js";
import { NodeEntity, NodeType } from "./node.js";

@ObjectType({ implements: NodeType, description: "Part of a document's text." })
@Entity("chunk")
export class Chunk extends NodeEntity {
  @Column({ name: "document_id", type: "uuid" })
  readonly documentId!: string;

  @Field(() => Int, { description: "Position in the document, from 0." })
  @Column({ type: "int" })
  readonly ordinal!: number;

  @Field(() => String, { description: "Text of the chunk: the document's text from `startOffset` to `endOffset`." })
  @Column({ type: "text" })
  readonly text!: string;

  @Field(() => Int, {
    nullable: true,
    description: "Page of the first character, from 1; null if the format has no pages.",
  })
  @Column({ type: "int", nullable: true })
  readonly page!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: "Page of the last character, from 1; null if the format has no pages.",
  })
  @Column({ name: "page_end", type: "int", nullable: true })
  readonly pageEnd!: number | null;

  @Field(() => [String], {
    description: "Headings above the chunk, highest level first. Headings inside the chunk's text are not included.",
  })
  @Column({ type: "text", array: true })
  readonly headings!: string[];

  @Field(() => String, {
    nullable: true,
    description:
      "Context of the chunk: the path of its headings, and the header row of the table that its rows belong to. " +
      "The embedding is computed from the context and the text. Null if there is no context.",
  })
  @Column({ type: "text", nullable: true })
  readonly context!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "Attachment, archive entry or sheet that contains the chunk; a path if they are nested; null if there is none.",
  })
  @Column({ type: "text", nullable: true })
  readonly part!: string | null;

  @Field(() => ChunkKindEnum, { description: "Kind of content." })
  @Column({ type: "text" })
  readonly kind!: ChunkKind;

  @Field(() => Int, { description: "Offset of the first character, in UTF-16 code units of the document's text." })
  @Column({ name: "start_offset", type: "int" })
  readonly startOffset!: number;

  @Field(() => Int, { description: "Offset after the last character, in UTF-16 code units of the document's text." })
  @Column({ name: "end_offset", type: "int" })
  readonly endOffset!: number;

  /** Float32, little-endian; read by search alone. */
  @Column({ type: "bytea", nullable: true, select: false })
  readonly embedding!: Buffer | null;

  @Field(() => Boolean, {
    description: "Whether the chunk has an embedding. `search` finds a chunk without one by its words only.",
  })
  @Column({ name: "has_embedding", type: "boolean", insert: false, update: false })
  readonly hasEmbedding!: boolean;
}
