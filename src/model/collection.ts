import { Field, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import type { CollectionStatus } from "../lifecycle/status.js";
import { CollectionStatusEnum } from "./enums.js";
import { TrackedEntity } from "./node.js";
import { JsonScalar } from "./scalars.js";

@ObjectType({ implements: TrackedEntity, description: "Named set of documents." })
@Entity("collection")
export class Collection extends TrackedEntity {
  @Field(() => String, { description: "Name, unique in the project." })
  @Column({ type: "text" })
  readonly name!: string;

  @Field(() => String, {
    nullable: true,
    description: "Description given by the creator; null if there is none.",
  })
  @Column({ type: "text", nullable: true })
  readonly description!: string | null;

  @Field(() => JsonScalar, { description: "Metadata given by the creator, a JSON object." })
  @Column({ type: "jsonb" })
  readonly metadata!: Record<string, unknown>;

  @Field(() => CollectionStatusEnum, { description: "Status, which follows from the newest job." })
  @Column({ type: "text" })
  readonly status!: CollectionStatus;

  @Field(() => Date, { nullable: true, description: "Time when the contents expire; null for never." })
  @Column({ name: "expires_at", type: "timestamptz", nullable: true })
  readonly expiresAt!: Date | null;

  @Field(() => Int, { description: "Number of documents." })
  @Column({ name: "document_count", type: "int" })
  readonly documentCount!: number;

  @Field(() => Int, { description: "Number of chunks of all documents." })
  @Column({ name: "chunk_count", type: "int" })
  readonly chunkCount!: number;

  @Field(() => Int, { description: "Number of chunks with an embedding, which `search` also finds by meaning." })
  @Column({ name: "embedded_chunk_count", type: "int" })
  readonly chunksWithEmbeddings!: number;

  @Column({ name: "deletion_requested_at", type: "timestamptz", nullable: true })
  readonly deletionRequestedAt!: Date | null;

  /** Moves whenever the searchable content does. */
  @Column({ name: "content_version", type: "bigint" })
  readonly contentVersion!: string;
}
