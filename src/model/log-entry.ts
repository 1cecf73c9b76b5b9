import { Field, Int, ObjectType } from "type-graphql";
import { LogLevelEnum } from "./enums.js";
import type { STAGE_LOG_LEVELS } from "./log-levels.js";
import { JsonScalar } from "./scalars.js";

@ObjectType({ description: "A line that a stage has written to its log. Secrets are hidden in it." })
export class LogEntry {
  @Field(() => Date, { description: "When it was written." })
  readonly at!: Date;
  @Field(() => LogLevelEnum, { description: "How much it matters." })
  readonly level!: (typeof STAGE_LOG_LEVELS)[number];
  @Field(() => String, { nullable: true, description: "The stage that wrote it." })
  readonly stage!: string | null;
  @Field(() => Int, { nullable: true, description: "Which try of the stage that was." })
  readonly attempt!: number | null;
  @Field(() => String, { description: "What it says, at most 4,000 characters." })
  readonly message!: string;
  @Field(() => JsonScalar, {
    nullable: true,
    description: "What was given beside the message; null where nothing was.",
  })
  readonly fields!: unknown;
  /** Its place in the log of its task. */
  readonly cursor!: string;
}
