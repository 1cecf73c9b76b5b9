import { Field, ID, Int, ObjectType } from "type-graphql";
import { UserError } from "../user-error.js";

@ObjectType({
  description:
    "With dryRun, matched is exact and nothing is done. Over 10,000: LIMIT_EXCEEDED; an empty filter without dryRun: INVALID_INPUT. firstJobIds: the first 100.",
})
export class BulkJobsPayload {
  @Field(() => Int, { description: "How many jobs the filter takes, whatever can be done with them." })
  readonly matched!: number;
  @Field(() => Int, { description: "How many of them this call retried or cancelled; 0 with dryRun." })
  readonly applied!: number;
  @Field(() => [ID], { description: "The newest 100 that the filter takes." })
  readonly firstJobIds!: string[];
  @Field(() => [UserError], {
    description:
      "What kept it from being done; of single jobs the first 100 refusals, and then how many more there were.",
  })
  readonly userErrors!: UserError[];
}
