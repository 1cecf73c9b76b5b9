import { Field, Int, ObjectType } from "type-graphql";
import type { JobStatus } from "../lifecycle/status.js";
import { JobStatusEnum } from "./enums.js";

@ObjectType({ description: "Number of jobs in one status." })
export class JobCount {
  @Field(() => JobStatusEnum, { description: "Status that the jobs have." })
  readonly status!: JobStatus;
  @Field(() => Int, { description: "Number of jobs." })
  readonly count!: number;
}
