import { Field, InputType } from "type-graphql";
import { type BulkAction } from "../../engine/operations/bulk.js";
import { BulkActionEnum } from "../../model/enums.js";
import { JobFilter } from "./job.input.js";

@InputType({ description: "The action and the jobs." })
export class BulkJobsInput {
  @Field(() => BulkActionEnum, { description: "Action to apply to each job." })
  readonly action!: BulkAction;
  @Field(() => JobFilter, { description: "Jobs to include. Must not be empty if `dryRun` is false." })
  readonly filter!: JobFilter;
  @Field(() => String, { nullable: true, description: "Reason, recorded in the history of every job." })
  readonly reason?: string | null;
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: true,
    description: "Only count the matching jobs. Set to false to apply the action.",
  })
  readonly dryRun?: boolean | null;
}
