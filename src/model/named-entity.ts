import { Field, Int, ObjectType } from "type-graphql";
import { Column, Entity } from "typeorm";
import { NamedEntityTypeEnum } from "./enums.js";
import type { NamedEntityType } from "./named-entity-types.js";
import { NodeEntity, NodeType } from "./node.js";

@ObjectType({
  implements: NodeType,
  description:
    "Person, place or organization mentioned in the documents of a collection, as found by the stage `graph` of the last job.",
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

  @Field(() => String, { description: "Name in its most frequent spelling." })
  @Column({ type: "text" })
  readonly name!: string;

  @Field(() => NamedEntityTypeEnum, { description: "Type of the entity." })
  @Column({ type: "text" })
  readonly type!: NamedEntityType;

  @Field(() => Int, { description: "Total number of mentions." })
  @Column({ type: "int" })
  readonly mentions!: number;

  @Field(() => Int, { description: "Number of documents that mention the entity." })
  @Column({ name: "document_count", type: "int" })
  readonly documentCount!: number;
}
