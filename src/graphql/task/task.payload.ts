import { Field, ObjectType } from "type-graphql";
import { Task } from "../../model/task.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "What came of retryTask." })
export class RetryTaskPayload {
  @Field(() => Task, { nullable: true, description: "The task as it stands now; null where it was refused." })
  readonly task!: Task | null;
  @Field(() => [UserError], { description: "What kept it from being retried; empty when it was." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "What came of cancelTask." })
export class CancelTaskPayload {
  @Field(() => Task, { nullable: true, description: "The task as it stands now; null where it was refused." })
  readonly task!: Task | null;
  @Field(() => [UserError], { description: "What kept it from being cancelled; empty when it was asked for." })
  readonly userErrors!: UserError[];
}
