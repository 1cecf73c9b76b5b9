import { Field, ID, InputType } from "type-graphql";
import { ChangeReasonEnum, EntityTypeEnum, StatusEnum } from "../../model/enums.js";

@InputType({ description: "All that are given must hold. A jobId takes the job's and its tasks' changes." })
export class HistoryFilter {
  @Field(() => ID, { nullable: true, description: "Of this collection, its jobs and its tasks." })
  readonly collectionId?: string | null;
  @Field(() => ID, { nullable: true, description: "Of this job and its tasks." })
  readonly jobId?: string | null;
  @Field(() => ID, { nullable: true, description: "Of this task." })
  readonly taskId?: string | null;
  @Field(() => [EntityTypeEnum], { nullable: true, description: "About one of these kinds." })
  readonly entityType?: string[] | null;
  @Field(() => [StatusEnum], { nullable: true, description: "Leading to one of these statuses." })
  readonly toStatus?: string[] | null;
  @Field(() => [ChangeReasonEnum], { nullable: true, description: "For one of these reasons." })
  readonly reason?: string[] | null;
  @Field(() => Date, { nullable: true, description: "Inclusive." })
  readonly since?: Date | null;
}
