import { Field, Int, ObjectType } from "type-graphql";
import type { WaitingCode } from "../lifecycle/waiting.js";
import { WaitingCodeEnum } from "./enums.js";

@ObjectType({ description: "Why a job or task makes no progress." })
export class WaitingReason {
  @Field(() => WaitingCodeEnum, { description: "Kind of waiting." })
  readonly code!: WaitingCode;
  @Field(() => String, { description: "Explanation in one sentence, with what to do if anything can be done." })
  readonly message!: string;
  @Field(() => Date, { nullable: true, description: "Time at which the work continues by itself; null if unknown." })
  readonly until!: Date | null;
  @Field(() => Int, {
    nullable: true,
    description:
      "Upper bound of the position in the queue, from 1 to 10,001: the number of due tasks that would be claimed up to and including this one. Jobs with the same project and priority take turns, and so do projects. Null unless `code` is BEHIND_OTHERS.",
  })
  readonly position!: number | null;
}

@ObjectType({ description: "Whether the viewer may call a mutation now, and if not, why." })
export class Permission {
  @Field(() => Boolean, { description: "Whether the mutation would be accepted now." })
  readonly allowed!: boolean;
  @Field(() => String, {
    nullable: true,
    description: "Why the mutation would be rejected, in one sentence; null if it is allowed.",
  })
  readonly disabledReason!: string | null;
}

/** Allowed where there is no reason against it. */
export function permission(disabledReason: string | null): Permission {
  return { allowed: disabledReason === null, disabledReason };
}
