import { Field, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import { NodeEntity, NodeType } from "./node.js";
import { BigIntScalar, wholeNumber } from "./scalars.js";

@ObjectType({ implements: NodeType, description: "File that a stage wrote for people to download." })
@Entity("artifact")
export class Artifact extends NodeEntity {
  @Column({ name: "job_id", type: "uuid" })
  readonly jobId!: string;

  @Field(() => String, {
    description: "File name without a folder. If several files have the same name, only the newest is returned.",
  })
  @Column({ type: "text" })
  readonly name!: string;

  @Field(() => String, { description: "Media type declared by the stage." })
  @Column({ name: "media_type", type: "text" })
  readonly mediaType!: string;

  @Field(() => BigIntScalar, { description: "Size in bytes." })
  @Column({ name: "size_bytes", type: "bigint", transformer: wholeNumber })
  readonly sizeBytes!: number;

  @Field(() => String, { description: "SHA-256 of the content, in lower-case hex." })
  @Column({ type: "text" })
  readonly sha256!: string;

  @Column({ type: "boolean" })
  readonly accepted!: boolean;

  @Column({ name: "blob_key", type: "text" })
  readonly blobKey!: string;

  @Field(() => Date, { description: "Time when the stage wrote the file." })
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;
}
