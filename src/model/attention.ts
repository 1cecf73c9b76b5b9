import { Field, ID, ObjectType } from "type-graphql";
import { ATTENTION_KINDS, type AttentionKind } from "./attention-kinds.js";
import { enumOf } from "./enum-of.js";
import { NodeType } from "./node.js";
import { ActorInfo } from "./status-change.js";

export const AttentionKindEnum = enumOf("AttentionKind", "What kind of thing needs a person.", ATTENTION_KINDS, {
  INVARIANT_BROKEN: "What must always hold does not; see doctor.",
  DEPENDENCY_AWAY: "Redis or the store of files can't be reached.",
  NO_WORKER: "Work is due that no worker can run.",
  STUCK_JOB: "A job does not move though it could.",
  FAILED_JOB:
    "A job has failed, or some of its documents have. It goes once it is retried, submitted again or acknowledged.",
  WORKER_STALLED: "A worker beats but takes no work.",
  WORKER_LOST: "Nothing has been heard from a worker for a lease. It goes after a day.",
  WEBHOOK_DISABLED: "Nothing has come through to a webhook for three days, or it is gone; see updateWebhook.",
  PIPELINE_PAUSED: "Somebody has paused a pipeline.",
});

@ObjectType({ description: "A state that needs a person." })
export class AttentionItem {
  @Field(() => ID, { description: "For `acknowledge`. Of this state: when it ends and comes again, it has another." })
  readonly id!: string;
  @Field(() => AttentionKindEnum, { description: "Which kind of state." })
  readonly kind!: AttentionKind;
  @Field(() => String, { description: "What is wrong and what to do, in a sentence." })
  readonly message!: string;
  @Field(() => Date, { description: "Since when, or when it was first found." })
  readonly since!: Date;
  @Field(() => NodeType, {
    nullable: true,
    description: "The job, the worker, or for ADMIN the webhook, that it is about.",
  })
  readonly subject?: object | null;
  readonly subjectId!: string | null;
  @Field(() => String, {
    nullable: true,
    description:
      "The name of the pipeline that it concerns: the one that is paused or that no worker runs, or the job's; null where there is none.",
  })
  readonly pipeline!: string | null;
  @Field(() => ActorInfo, { nullable: true, description: "Who said that it is known; null where nobody has." })
  readonly acknowledgedBy!: ActorInfo | null;
  @Field(() => String, { nullable: true, description: "What they said; null where nobody has." })
  readonly acknowledgedWord!: string | null;
  @Field(() => Date, { nullable: true, description: "When they said so; null where nobody has." })
  readonly acknowledgedAt!: Date | null;
}

@ObjectType({
  description: "What needs a person, as the reconciler last found it: its cost does not grow with the work.",
})
export class Attention {
  @Field(() => Date, { description: "When it was last looked for; long ago where no reconciler runs." })
  readonly checkedAt!: Date;
  @Field(() => [AttentionItem], {
    description: "What nobody knows of yet before what is acknowledged, the worst first; at most 100.",
  })
  readonly items!: AttentionItem[];
  @Field(() => Boolean, { description: "Whether there is more than is told." })
  readonly truncated!: boolean;
}
