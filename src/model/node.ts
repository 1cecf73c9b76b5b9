import { Field, ID, Int, InterfaceType } from "type-graphql";
import { Column, PrimaryColumn } from "typeorm";
import type { ActorType } from "../lifecycle/status.js";
import type { ChangeReason } from "../lifecycle/reasons.js";

/** Anything that `node(id)` finds. Ids are uuids, unique over all tables. */
@InterfaceType("Node", {
  description: "Anything that has an id of its own.",
  // Of itself the library only knows the types that implement this one without another interface in between.
  resolveType: (node: object) => node.constructor.name,
})
export abstract class NodeType {
  @Field(() => ID, { description: "A uuid, unique over everything that has one." })
  @PrimaryColumn("uuid")
  readonly id!: string;
}

/** A node that is a row of a table; every table has a project. */
export abstract class NodeEntity extends NodeType {
  @Column({ name: "project_id", type: "uuid" })
  readonly projectId!: string;
}

/** What has a status, a version, and a history that explains both. */
@InterfaceType("Tracked", { description: "What has a status, and a history that explains it.", implements: NodeType })
export abstract class TrackedEntity extends NodeEntity {
  @Field(() => Int, { description: "Grows by one with every change: 1, 2, 3 …" })
  @Column({ type: "int" })
  readonly version!: number;

  @Field(() => Date, { description: "When it came into being." })
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;

  @Field(() => Date, { description: "When the last change was made." })
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
