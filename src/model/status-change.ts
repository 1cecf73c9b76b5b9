import { createUnionType, Field, ID, Int, ObjectType } from "type-graphql";
import { ActorTypeEnum, ChangeReasonEnum, EntityTypeEnum, StatusEnum } from "./enums.js";
import type { ActorType, EntityType, Status } from "../lifecycle/status.js";
import type { ChangeReason } from "../lifecycle/reasons.js";
import { NodeType } from "./node.js";
import { BigIntScalar } from "./scalars.js";

@ObjectType("Actor", { description: "Who brought about a change." })
export class ActorInfo {
  @Field(() => ActorTypeEnum, { description: "Whether a person, a worker or the system itself." })
  readonly type!: ActorType;
  @Field(() => String, { description: "A key's name, `worker:<its id>`, or a duty such as `system:sweep`." })
  readonly name!: string;
}

/** One row of the append-only history. The engine reads it, with its cursor, so it is no TypeORM entity. */
@ObjectType({ implements: NodeType, description: "One change of one entity: what, when, by whom, and why." })
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
  @Field(() => String, { description: "Opaque; give it to `after` to resume exactly behind this change." })
  readonly cursor!: string;
  @Field(() => EntityTypeEnum, { description: "Whether it is about a collection, a job or a task." })
  readonly entityType!: EntityType;
  @Field(() => ID, { description: "The id of what changed." })
  readonly entityId!: string;
  @Field(() => ID, { description: "The collection that it belongs to, or is." })
  readonly collectionId!: string;
  @Field(() => ID, { nullable: true, description: "The job that it belongs to, or is; null of a collection's change." })
  readonly jobId!: string | null;
  @Field(() => ID, { nullable: true, description: "The task that changed; null of a collection's or a job's change." })
  readonly taskId!: string | null;
  @Field(() => Int, { description: "The entity's version after this change: 1, 2, 3 … without a gap." })
  readonly version!: number;
  @Field(() => StatusEnum, { nullable: true, description: "The status before; null at birth." })
  readonly fromStatus!: Status | null;
  @Field(() => StatusEnum, {
    description: "The status from here on; the same as before where only the stage moved or a cancel was asked for.",
  })
  readonly toStatus!: Status;
  @Field(() => String, { nullable: true, description: "The task's stage before, where it has one." })
  readonly fromStage!: string | null;
  @Field(() => String, { nullable: true, description: "The task's stage from here on, where it has one." })
  readonly toStage!: string | null;
  @Field(() => Int, { nullable: true, description: "Which try of the stage it then was; null but for tasks." })
  readonly attempt!: number | null;
  @Field(() => BigIntScalar, { nullable: true, description: "The claim under which a worker wrote this." })
  readonly fence!: string | null;
  @Field(() => ChangeReasonEnum, { description: "Why, in one word of a closed list." })
  readonly reason!: ChangeReason;
  @Field(() => String, {
    nullable: true,
    description: "More about it in a sentence, such as an error or the reason a person gave; emptied by expiry.",
  })
  readonly message!: string | null;
  @Field(() => Date, { description: "When, by the database's clock; never earlier than the entity's change before." })
  readonly at!: Date;
}

@ObjectType({
  description:
    "The stream can no longer be complete from where you asked: read the current state again, then go on from resumeAt.",
})
export class StreamGap {
  @Field(() => String, { description: "Why the cursor could not be honoured." })
  readonly cause!: string;
  @Field(() => String, { description: "The cursor that the stream goes on from; what lies before is to be read anew." })
  readonly resumeAt!: string;
}

export const StatusEvent = createUnionType({
  name: "StatusEvent",
  description: "What a stream gives.",
  types: () => [StatusChange, StreamGap] as const,
  resolveType: (value) => ("resumeAt" in value ? StreamGap : StatusChange),
});
