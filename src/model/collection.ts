import { Field, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import type { CollectionStatus } from "../lifecycle/status.js";
import { CollectionStatusEnum } from "./enums.js";
import { TrackedEntity } from "./node.js";
import { JsonScalar } from "./scalars.js";

@ObjectType({ implements: TrackedEntity, description: "A named set of documents." })
@Entity("collection")
export class Collection extends TrackedEntity {
  @Field(() => String, { description: "Unique in its project." })
  @Column({ type: "text" })
  readonly name!: string;

  @Field(() => String, {
    nullable: true,
    description: "What it is about, in its maker's words; null where nothing was said.",
  })
  @Column({ type: "text", nullable: true })
  readonly description!: string | null;

  @Field(() => JsonScalar, { description: "What its maker wanted to keep with it." })
  @Column({ type: "jsonb" })
  readonly metadata!: Record<string, unknown>;

  @Field(() => CollectionStatusEnum, { description: "How it stands; it follows its newest job." })
  @Column({ type: "text" })
  readonly status!: CollectionStatus;

  @Field(() => Date, { nullable: true, description: "When its contents are due to go; null for never." })
  @Column({ name: "expires_at", type: "timestamptz", nullable: true })
  readonly expiresAt!: Date | null;

  @Field(() => Int, { description: "How many documents it holds now." })
  @Column({ name: "document_count", type: "int" })
  readonly documentCount!: number;

  @Field(() => Int, { description: "Chunks of all its documents." })
  @Column({ name: "chunk_count", type: "int" })
  readonly chunkCount!: number;

  @Field(() => Int, { description: "Of these, those that search finds by their meaning too." })
  @Column({ name: "embedded_chunk_count", type: "int" })
  readonly chunksWithEmbeddings!: number;

  @Column({ name: "deletion_requested_at", type: "timestamptz", nullable: true })
  readonly deletionRequestedAt!: Date | null;

  /** Moves whenever the searchable content does. */
  @Column({ name: "content_version", type: "bigint" })
  readonly contentVersion!: string;
}
