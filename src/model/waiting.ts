import { Field, Int, ObjectType } from "type-graphql";
import type { WaitingCode } from "../lifecycle/waiting.js";
import { WaitingCodeEnum } from "./enums.js";

@ObjectType({ description: "Why something does not move." })
export class WaitingReason {
  @Field(() => WaitingCodeEnum, { description: "Which kind of waiting." })
  readonly code!: WaitingCode;
  @Field(() => String, { description: "In a sentence, with what to do where something can be done." })
  readonly message!: string;
  @Field(() => Date, { nullable: true, description: "When it moves by itself, where that is known." })
  readonly until!: Date | null;
  @Field(() => Int, {
    nullable: true,
    description:
      "Its place in the queue, from 1 to 10,001: at most so many due tasks, itself included, are taken up to it as things stand. Jobs of one project and priority take turns, and so do projects; null unless the code is BEHIND_OTHERS.",
  })
  readonly position!: number | null;
}

@ObjectType({ description: "canX fields: may the viewer do it now, and if not, why." })
export class Permission {
  @Field(() => Boolean, { description: "True when the mutation would be taken now." })
  readonly allowed!: boolean;
  @Field(() => String, { nullable: true, description: "Why not, in a sentence; null where it is allowed." })
  readonly disabledReason!: string | null;
}

/** Allowed where there is no reason against it. */
export function permission(disabledReason: string | null): Permission {
  return { allowed: disabledReason === null, disabledReason };
}
