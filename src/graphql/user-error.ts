import { Field, ObjectType } from "type-graphql";
import type { UserErrorCode } from "../errors.js";
import { UserErrorCodeEnum } from "../model/enums.js";

@ObjectType({
  description:
    "Expected failures are data. Exceptional ones (UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT, RATE_LIMITED, SERVICE_BUSY, QUERY_TIMED_OUT, RESPONSE_TOO_LARGE, INTERNAL) are top-level errors with extensions.code.",
})
export class UserError {
  @Field(() => UserErrorCodeEnum, { description: "Which kind of failure." })
  readonly code!: UserErrorCode;
  @Field(() => String, { description: "What is wrong, with the value, and what to do." })
  readonly message!: string;
  @Field(() => [String], {
    nullable: true,
    description: "Where in the arguments, from `input` on, such as [input, documents, 3, name].",
  })
  readonly path!: string[] | null;
}
