import { Field, ID, Int, ObjectType } from "type-graphql";
import { UserError } from "../user-error.js";

@ObjectType({
  description:
    "Result of `bulkJobs`. With `dryRun`, nothing is changed. More than 10,000 matching jobs: LIMIT_EXCEEDED. An empty filter without `dryRun`: INVALID_INPUT.",
})
export class BulkJobsPayload {
  @Field(() => Int, { description: "Exact number of matching jobs, whether or not the action applies to them." })
  readonly matched!: number;
  @Field(() => Int, { description: "Number of jobs that this call retried or cancelled; 0 with `dryRun`." })
  readonly applied!: number;
  @Field(() => [ID], { description: "IDs of the newest 100 matching jobs." })
  readonly firstJobIds!: string[];
  @Field(() => [UserError], {
    description:
      "Why the request, or single jobs, were rejected: the first 100 errors, then the number of further errors.",
  })
  readonly userErrors!: UserError[];
}
