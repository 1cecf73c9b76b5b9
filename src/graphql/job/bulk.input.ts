import { Field, InputType } from "type-graphql";
import { type BulkAction } from "../../engine/operations/bulk.js";
import { BulkActionEnum } from "../../model/enums.js";
import { JobFilter } from "./job.input.js";

@InputType({ description: "What to do with which jobs." })
export class BulkJobsInput {
  @Field(() => BulkActionEnum, { description: "What is done with each of them." })
  readonly action!: BulkAction;
  @Field(() => JobFilter, { description: "Which jobs; without dryRun it must narrow them down in some way." })
  readonly filter!: JobFilter;
  @Field(() => String, { nullable: true, description: "Kept in the history of every job." })
  readonly reason?: string | null;
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: true,
    description: "Only counts and shows what the filter takes; say false to do it.",
  })
  readonly dryRun?: boolean | null;
}
