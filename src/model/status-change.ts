import { createUnionType, Field, ID, Int, ObjectType } from "type-graphql";
import { ActorTypeEnum, ChangeReasonEnum, EntityTypeEnum, StatusEnum } from "./enums.js";
import type { ActorType, EntityType, Status } from "../lifecycle/status.js";
import type { ChangeReason } from "../lifecycle/reasons.js";
import { NodeType } from "./node.js";
import { BigIntScalar } from "./scalars.js";

@ObjectType("Actor", { description: "Author of a change." })
export class ActorInfo {
  @Field(() => ActorTypeEnum, { description: "Kind of actor." })
  readonly type!: ActorType;
  @Field(() => String, {
    description: "Name of the key, `worker:<worker ID>`, or a system duty such as `system:sweep`.",
  })
  readonly name!: string;
}

/** One row of the append-only history. The engine reads it, with its cursor, so it is no TypeORM entity. */
@ObjectType({ implements: NodeType, description: "One recorded change of a collection, a job or a task." })
export class StatusChange extends NodeType {
  /** Counts the changes of its collection, in the order of their commits. */
  readonly position!: string;
  /** The transaction that wrote it; with the position, the order of a project's stream. */
  readonly tx!: string;
  /** Tells it from another one that stands at its place in a history that was restored; part of its cursor. */
  readonly mark!: string;
  readonly projectId!: string;
  /** Null but for tasks and jobs. */
  readonly run!: number | null;
  readonly actorType!: ActorType;
  /** As `Actor.name`. */
  readonly actor!: string;
  @Field(() => String, { description: "Opaque cursor. Pass it as `after` to resume directly after this change." })
  readonly cursor!: string;
  @Field(() => EntityTypeEnum, { description: "Kind of entity that changed." })
  readonly entityType!: EntityType;
  @Field(() => ID, { description: "ID of the collection, job or task that changed." })
  readonly entityId!: string;
  @Field(() => ID, { description: "ID of the collection that changed or that contains the changed entity." })
  readonly collectionId!: string;
  @Field(() => ID, {
    nullable: true,
    description: "ID of the job that changed or that contains the changed task; null for a collection.",
  })
  readonly jobId!: string | null;
  @Field(() => ID, { nullable: true, description: "ID of the task that changed; null for a collection or a job." })
  readonly taskId!: string | null;
  @Field(() => Int, { description: "Version of the entity after the change: 1, 2, 3 … without gaps." })
  readonly version!: number;
  @Field(() => StatusEnum, {
    nullable: true,
    description: "Status before the change; null for the first change of an entity.",
  })
  readonly fromStatus!: Status | null;
  @Field(() => StatusEnum, {
    description: "Status after the change. Equal to `fromStatus` if only the stage changed or a cancel was requested.",
  })
  readonly toStatus!: Status;
  @Field(() => String, { nullable: true, description: "Stage of the task before the change; null if it had none." })
  readonly fromStage!: string | null;
  @Field(() => String, { nullable: true, description: "Stage of the task after the change; null if it has none." })
  readonly toStage!: string | null;
  @Field(() => Int, {
    nullable: true,
    description: "Attempt of the stage at that time; null for collections and jobs.",
  })
  readonly attempt!: number | null;
  @Field(() => BigIntScalar, {
    nullable: true,
    description: "Fence number of the claim under which a worker wrote the change; null if no worker wrote it.",
  })
  readonly fence!: string | null;
  @Field(() => ChangeReasonEnum, { description: "Reason for the change." })
  readonly reason!: ChangeReason;
  @Field(() => String, {
    nullable: true,
    description:
      "Details, such as an error message or the reason that a person gave; null if there are none or after expiry.",
  })
  readonly message!: string | null;
  @Field(() => Date, {
    description: "Time of the change by the database clock. Never earlier than the previous change of the same entity.",
  })
  readonly at!: Date;
}

@ObjectType({
  description:
    "Gap in a stream: changes after your cursor are no longer available. Read the current state again, then continue from `resumeAt`.",
})
export class StreamGap {
  @Field(() => String, { description: "Why the stream cannot continue from the cursor." })
  readonly cause!: string;
  @Field(() => String, { description: "Cursor from which the stream continues." })
  readonly resumeAt!: string;
}

export const StatusEvent = createUnionType({
  name: "StatusEvent",
  description: "Item of a `statusChanges` stream.",
  types: () => [StatusChange, StreamGap] as const,
  resolveType: (value) => ("resumeAt" in value ? StreamGap : StatusChange),
});
