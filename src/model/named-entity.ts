import { Field, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import { NamedEntityTypeEnum } from "./enums.js";
import type { NamedEntityType } from "./named-entity-types.js";
import { NodeEntity, NodeType } from "./node.js";

@ObjectType({
  implements: NodeType,
  description: "Somebody or something that a collection's documents name, as the stage `graph` of its last job found.",
})
@Entity("named_entity")
export class NamedEntity extends NodeEntity {
  @Column({ name: "collection_id", type: "uuid" })
  readonly collectionId!: string;

  @Column({ name: "task_id", type: "uuid" })
  readonly taskId!: string;

  @Column({ type: "bigint" })
  readonly fence!: string;

  /** From 0, most important first. */
  @Column({ type: "int" })
  readonly ordinal!: number;

  @Field(() => String, { description: "As it is written most often." })
  @Column({ type: "text" })
  readonly name!: string;

  @Field(() => NamedEntityTypeEnum, { description: "What it is." })
  @Column({ type: "text" })
  readonly type!: NamedEntityType;

  @Field(() => Int, { description: "How often it is named in all." })
  @Column({ type: "int" })
  readonly mentions!: number;

  @Field(() => Int, { description: "How many documents name it." })
  @Column({ name: "document_count", type: "int" })
  readonly documentCount!: number;
}
