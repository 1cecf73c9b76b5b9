import { Field, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
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

  @Field(() => Int, { description: "In UTF-16 code units into the document's text." })
  @Column({ name: "start_offset", type: "int" })
  readonly startOffset!: number;

  @Field(() => Int, { description: "Behind its last character, in the same units." })
  @Column({ name: "end_offset", type: "int" })
  readonly endOffset!: number;

  /** Float32, little-endian; read by search alone. */
  @Column({ type: "bytea", nullable: true, select: false })
  readonly embedding!: Buffer | null;

  @Field(() => Boolean, { description: "Whether search finds it." })
  @Column({ name: "has_embedding", type: "boolean", insert: false, update: false })
  readonly hasEmbedding!: boolean;
}
