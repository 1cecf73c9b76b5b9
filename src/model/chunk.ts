import { Field, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import type { ChunkKind } from "./chunk-kinds.js";
import { ChunkKindEnum } from "./enums.js";
import { NodeEntity, NodeType } from "./node.js";

@ObjectType({ implements: NodeType, description: "A piece of a document's text." })
@Entity("chunk")
export class Chunk extends NodeEntity {
  @Column({ name: "document_id", type: "uuid" })
  readonly documentId!: string;

  @Field(() => Int, { description: "Its place in the document, from 0." })
  @Column({ type: "int" })
  readonly ordinal!: number;

  @Field(() => String, { description: "The piece itself: the document's text from startOffset to endOffset." })
  @Column({ type: "text" })
  readonly text!: string;

  @Field(() => Int, { nullable: true, description: "From 1, where the format has pages." })
  @Column({ type: "int", nullable: true })
  readonly page!: number | null;

  @Field(() => Int, { nullable: true, description: "The page that its end is on." })
  @Column({ name: "page_end", type: "int", nullable: true })
  readonly pageEnd!: number | null;

  @Field(() => [String], {
    description: "The headings above it, the highest first; those in its own text are not among them.",
  })
  @Column({ type: "text", array: true })
  readonly headings!: string[];

  @Field(() => String, {
    nullable: true,
    description:
      "What its text is to be understood by: the path of its headings, and the head of the table that its rows are of. " +
      "The embedding is made of this and the text.",
  })
  @Column({ type: "text", nullable: true })
  readonly context!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The attachment, archive entry or sheet it comes from, as a path where one is inside the other.",
  })
  @Column({ type: "text", nullable: true })
  readonly part!: string | null;

  @Field(() => ChunkKindEnum, { description: "What it is made of." })
  @Column({ type: "text" })
  readonly kind!: ChunkKind;

  @Field(() => Int, { description: "In UTF-16 code units into the document's text." })
  @Column({ name: "start_offset", type: "int" })
  readonly startOffset!: number;

  @Field(() => Int, { description: "Behind its last character, in the same units." })
  @Column({ name: "end_offset", type: "int" })
  readonly endOffset!: number;

  /** Float32, little-endian; read by search alone. */
  @Column({ type: "bytea", nullable: true, select: false })
  readonly embedding!: Buffer | null;

  @Field(() => Boolean, { description: "Whether search finds it by its meaning; by its words it finds each." })
  @Column({ name: "has_embedding", type: "boolean", insert: false, update: false })
  readonly hasEmbedding!: boolean;
}
