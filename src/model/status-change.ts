import { createUnionType, Field, ID, Int, ObjectType } from "type-graphql";
import { ActorTypeEnum, ChangeReasonEnum, EntityTypeEnum, StatusEnum } from "./enums.js";
import type { ActorType, EntityType, Status } from "../lifecycle/status.js";
import type { ChangeReason } from "../lifecycle/reasons.js";
import { NodeType } from "./node.js";
import { BigIntScalar } from "./scalars.js";

@ObjectType({ description: "Who brought about a change." })
export class Actor {
  @Field(() => ActorTypeEnum)
  readonly type!: ActorType;
  @Field(() => String, { description: "A key's name, `worker:<its id>`, or a duty such as `system:sweep`." })
  readonly name!: string;
}

/** One row of the append-only history. The engine reads it, with its cursor, so it is no TypeORM entity. */
@ObjectType({ implements: NodeType, description: "One change of one entity: what, when, by whom, and why." })
export class StatusChange extends NodeType {
  @Field(() => String, { description: "Opaque; give it to `after` to resume exactly behind this change." })
  readonly cursor!: string;
  @Field(() => EntityTypeEnum)
  readonly entityType!: EntityType;
  @Field(() => ID)
  readonly entityId!: string;
  @Field(() => ID)
  readonly collectionId!: string;
  @Field(() => ID, { nullable: true })
  readonly jobId!: string | null;
  @Field(() => ID, { nullable: true })
  readonly taskId!: string | null;
  @Field(() => Int, { description: "The entity's version after this change: 1, 2, 3 … without a gap." })
  readonly version!: number;
  @Field(() => StatusEnum, { nullable: true })
  readonly fromStatus!: Status | null;
  @Field(() => StatusEnum)
  readonly toStatus!: Status;
  @Field(() => String, { nullable: true })
  readonly fromStage!: string | null;
  @Field(() => String, { nullable: true })
  readonly toStage!: string | null;
  @Field(() => Int, { nullable: true })
  readonly attempt!: number | null;
  @Field(() => BigIntScalar, { nullable: true, description: "The claim under which a worker wrote this." })
  readonly fence!: string | null;
  @Field(() => ChangeReasonEnum)
  readonly reason!: ChangeReason;
  @Field(() => String, { nullable: true })
  readonly message!: string | null;
  @Field(() => Date)
  readonly at!: Date;
}

@ObjectType({
  description:
    "The stream can no longer be complete from where you asked: read the current state again, then go on from resumeAt.",
})
export class StreamGap {
  @Field(() => String)
  readonly cause!: string;
  @Field(() => String)
  readonly resumeAt!: string;
}

export const StatusEvent = createUnionType({
  name: "StatusEvent",
  description: "What a stream gives.",
  types: () => [StatusChange, StreamGap] as const,
  resolveType: (value) => ("resumeAt" in value ? StreamGap : StatusChange),
});
