import { Field, ID, Int, InterfaceType } from "type-graphql";
import { Column, PrimaryColumn } from "typeorm";
import type { ActorType } from "../lifecycle/status.js";
import type { ChangeReason } from "../lifecycle/reasons.js";

/** Anything that `node(id)` finds. Ids are uuids, unique over all tables. */
@InterfaceType("Node", {
  description: "Object with a globally unique ID.",
  // Of itself the library only knows the types that implement this one without another interface in between.
  resolveType: (node: object) => node.constructor.name,
})
export abstract class NodeType {
  @Field(() => ID, { description: "UUID, unique across all types." })
  @PrimaryColumn("uuid")
  readonly id!: string;
}

/** A node that is a row of a table; every table has a project. */
export abstract class NodeEntity extends NodeType {
  @Column({ name: "project_id", type: "uuid" })
  readonly projectId!: string;
}

/** What has a status, a version, and a history that explains both. */
@InterfaceType("Tracked", { description: "Object with a status and a history of its changes.", implements: NodeType })
export abstract class TrackedEntity extends NodeEntity {
  @Field(() => Int, { description: "Number of changes so far: 1, 2, 3 … It grows by one with every change." })
  @Column({ type: "int" })
  readonly version!: number;

  @Field(() => Date, { description: "Time of creation." })
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;

  @Field(() => Date, { description: "Time of the last change." })
  @Column({ name: "status_changed_at", type: "timestamptz" })
  readonly statusChangedAt!: Date;

  @Column({ name: "change_id", type: "uuid" })
  readonly changeId!: string;

  @Column({ name: "changed_by_type", type: "text" })
  readonly changedByType!: ActorType;

  @Column({ name: "changed_by", type: "text" })
  readonly changedBy!: string;

  @Column({ name: "change_reason", type: "text" })
  readonly changeReason!: ChangeReason;

  @Column({ name: "change_message", type: "text", nullable: true })
  readonly changeMessage!: string | null;
}
