import { Field, ObjectType } from "type-graphql";
import type { UserErrorCode } from "../errors.js";
import { UserErrorCodeEnum } from "../model/enums.js";

@ObjectType({
  description:
    "Expected failure of a mutation; nothing was changed. Other failures (UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT, RATE_LIMITED, SERVICE_BUSY, QUERY_TIMED_OUT, RESPONSE_TOO_LARGE, INTERNAL) are top-level errors with `extensions.code`.",
})
export class UserError {
  @Field(() => UserErrorCodeEnum, { description: "Kind of failure." })
  readonly code!: UserErrorCode;
  @Field(() => String, { description: "Problem, with the value, and what to do about it." })
  readonly message!: string;
  @Field(() => [String], {
    nullable: true,
    description:
      "Path to the faulty argument, such as [input, documents, 3, name]; null if no single argument is at fault.",
  })
  readonly path!: string[] | null;
}
