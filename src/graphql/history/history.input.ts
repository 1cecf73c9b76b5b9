import { Field, ID, InputType } from "type-graphql";
import { ChangeReasonEnum, EntityTypeEnum, StatusEnum } from "../../model/enums.js";

@InputType({ description: "Filter for changes. A change must match all given fields." })
export class HistoryFilter {
  @Field(() => ID, { nullable: true, description: "Changes of this collection, its jobs and its tasks." })
  readonly collectionId?: string | null;
  @Field(() => ID, { nullable: true, description: "Changes of this job and its tasks." })
  readonly jobId?: string | null;
  @Field(() => ID, { nullable: true, description: "Changes of this task." })
  readonly taskId?: string | null;
  @Field(() => [EntityTypeEnum], { nullable: true, description: "Changes of entities of one of these kinds." })
  readonly entityType?: string[] | null;
  @Field(() => [StatusEnum], { nullable: true, description: "Changes to one of these statuses." })
  readonly toStatus?: string[] | null;
  @Field(() => [ChangeReasonEnum], { nullable: true, description: "Changes with one of these reasons." })
  readonly reason?: string[] | null;
  @Field(() => Date, { nullable: true, description: "Earliest time, inclusive." })
  readonly since?: Date | null;
}
