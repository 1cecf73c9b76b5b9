import { Field, Int, ObjectType } from "type-graphql";
import { LogLevelEnum } from "./enums.js";
import type { STAGE_LOG_LEVELS } from "./log-levels.js";
import { JsonScalar } from "./scalars.js";

@ObjectType({ description: "Line that a stage wrote to its log. Secrets are masked." })
export class LogEntry {
  @Field(() => Date, { description: "Time when the line was written." })
  readonly at!: Date;
  @Field(() => LogLevelEnum, { description: "Severity of the line." })
  readonly level!: (typeof STAGE_LOG_LEVELS)[number];
  @Field(() => String, { nullable: true, description: "Name of the stage that wrote the line." })
  readonly stage!: string | null;
  @Field(() => Int, { nullable: true, description: "Attempt of the stage that wrote the line." })
  readonly attempt!: number | null;
  @Field(() => String, { description: "Message, at most 4,000 characters." })
  readonly message!: string;
  @Field(() => JsonScalar, {
    nullable: true,
    description: "Structured fields of the line; null if there are none.",
  })
  readonly fields!: unknown;
  /** Its place in the log of its task. */
  readonly cursor!: string;
}
