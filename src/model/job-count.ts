import { Field, Int, ObjectType } from "type-graphql";
import type { JobStatus } from "../lifecycle/status.js";
import { JobStatusEnum } from "./enums.js";

@ObjectType({ description: "How many jobs have one status." })
export class JobCount {
  @Field(() => JobStatusEnum, { description: "Which of the statuses is counted." })
  readonly status!: JobStatus;
  @Field(() => Int, { description: "How many jobs have it now." })
  readonly count!: number;
}
