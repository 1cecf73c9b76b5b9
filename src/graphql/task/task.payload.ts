import { Field, ObjectType } from "type-graphql";
import { Task } from "../../model/task.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "Result of `retryTask`." })
export class RetryTaskPayload {
  @Field(() => Task, { nullable: true, description: "The task after the change; null on failure." })
  readonly task!: Task | null;
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "Result of `cancelTask`." })
export class CancelTaskPayload {
  @Field(() => Task, { nullable: true, description: "The task after the change; null on failure." })
  readonly task!: Task | null;
  @Field(() => [UserError], { description: "Why the request failed; empty if the cancel was requested." })
  readonly userErrors!: UserError[];
}
