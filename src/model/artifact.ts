import { Field, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import { NodeEntity, NodeType } from "./node.js";
import { BigIntScalar, wholeNumber } from "./scalars.js";

@ObjectType({ implements: NodeType, description: "A file that a stage left for people to download." })
@Entity("artifact")
export class Artifact extends NodeEntity {
  @Column({ name: "job_id", type: "uuid" })
  readonly jobId!: string;

  @Field(() => String, { description: "A plain file name; of one name the newest is shown." })
  @Column({ type: "text" })
  readonly name!: string;

  @Field(() => String, { description: "As the stage that wrote it declared." })
  @Column({ name: "media_type", type: "text" })
  readonly mediaType!: string;

  @Field(() => BigIntScalar, { description: "How many bytes a download brings." })
  @Column({ name: "size_bytes", type: "bigint", transformer: wholeNumber })
  readonly sizeBytes!: number;

  @Field(() => String, { description: "Of the bytes, in lower-case hex." })
  @Column({ type: "text" })
  readonly sha256!: string;

  @Column({ type: "boolean" })
  readonly accepted!: boolean;

  @Column({ name: "blob_key", type: "text" })
  readonly blobKey!: string;

  @Field(() => Date, { description: "When the stage wrote it." })
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;
}
