import { ArgsType, Field, ID } from "type-graphql";

@ArgsType()
export class ScopeArgs {
  @Field(() => ID, {
    nullable: true,
    description: "ID of a collection: it, its jobs and their tasks. Give at most one ID.",
  })
  readonly collectionId?: string | null;
  @Field(() => ID, { nullable: true, description: "ID of a job: it and its tasks. Give at most one ID." })
  readonly jobId?: string | null;
  @Field(() => ID, { nullable: true, description: "ID of a task. Give at most one ID." })
  readonly taskId?: string | null;
}
