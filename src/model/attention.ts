import { Field, ID, ObjectType } from "type-graphql";
import { ATTENTION_KINDS, type AttentionKind } from "./attention-kinds.js";
import { enumOf } from "./enum-of.js";
import { NodeType } from "./node.js";
import { ActorInfo } from "./status-change.js";

export const AttentionKindEnum = enumOf("AttentionKind", "Kind of state that needs a person.", ATTENTION_KINDS, {
  INVARIANT_BROKEN: "An invariant is broken; see `doctor`.",
  DEPENDENCY_AWAY: "Redis or the file storage cannot be reached.",
  NO_WORKER: "Tasks are due, but no running worker can run them.",
  STUCK_JOB: "A job makes no progress although it could.",
  FAILED_JOB:
    "A job, or some of its documents, failed. The item ends when the job is retried, submitted again or acknowledged.",
  WORKER_STALLED: "A worker sends heartbeats but claims no tasks.",
  WORKER_LOST: "A worker sent no heartbeat for the length of a lease. The item ends after one day.",
  WEBHOOK_DISABLED:
    "A webhook was disabled: deliveries failed for three days, or its receiver answered 410 Gone. Enable it with `updateWebhook`.",
  PIPELINE_PAUSED: "A pipeline is paused.",
});

@ObjectType({ description: "State that needs a person." })
export class AttentionItem {
  @Field(() => ID, { description: "Input of `acknowledge`. A state that ends and occurs again gets a new ID." })
  readonly id!: string;
  @Field(() => AttentionKindEnum, { description: "Kind of the state." })
  readonly kind!: AttentionKind;
  @Field(() => String, { description: "Problem and what to do, in one sentence." })
  readonly message!: string;
  @Field(() => Date, { description: "Time when the state began or was first detected." })
  readonly since!: Date;
  @Field(() => NodeType, {
    nullable: true,
    description:
      "Job, worker or webhook that the item concerns; null for other kinds. Webhooks are returned to ADMIN only.",
  })
  readonly subject?: object | null;
  readonly subjectId!: string | null;
  @Field(() => String, {
    nullable: true,
    description:
      "Name of the pipeline concerned: the paused pipeline, the pipeline without a worker, or the job's pipeline; null if there is none.",
  })
  readonly pipeline!: string | null;
  @Field(() => ActorInfo, {
    nullable: true,
    description: "Actor who acknowledged the item; null if it is not acknowledged.",
  })
  readonly acknowledgedBy!: ActorInfo | null;
  @Field(() => String, {
    nullable: true,
    description: "Comment of the acknowledgement; null if the item is not acknowledged.",
  })
  readonly acknowledgedWord!: string | null;
  @Field(() => Date, {
    nullable: true,
    description: "Time of the acknowledgement; null if the item is not acknowledged.",
  })
  readonly acknowledgedAt!: Date | null;
}

@ObjectType({
  description:
    "States that need a person, as of the reconciler's last check. The cost of this query does not depend on the amount of work.",
})
export class Attention {
  @Field(() => Date, { description: "Time of the last check. An old time means that no reconciler is running." })
  readonly checkedAt!: Date;
  @Field(() => [AttentionItem], {
    description:
      "Unacknowledged items first, then acknowledged ones; each group with the most severe first. At most 100.",
  })
  readonly items!: AttentionItem[];
  @Field(() => Boolean, { description: "Whether more than 100 items exist." })
  readonly truncated!: boolean;
}
