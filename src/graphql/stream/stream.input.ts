import { ArgsType, Field, ID } from "type-graphql";

@ArgsType()
export class ScopeArgs {
  @Field(() => ID, {
    nullable: true,
    description: "This collection, its jobs and their tasks; at most one of the three is given.",
  })
  readonly collectionId?: string | null;
  @Field(() => ID, { nullable: true, description: "This job and its tasks; at most one of the three is given." })
  readonly jobId?: string | null;
  @Field(() => ID, { nullable: true, description: "This task alone; at most one of the three is given." })
  readonly taskId?: string | null;
}
