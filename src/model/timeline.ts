import { Field, Float, Int, ObjectType } from "type-graphql";

@ObjectType({ description: "Number of tasks at a stage." })
export class StageAmount {
  @Field(() => String, { description: "Name of the stage." })
  readonly stage!: string;
  @Field(() => Float, {
    description:
      "Average number of tasks that ran at the stage during the bucket, rounded to thousandths; more than 0.",
  })
  readonly amount!: number;
}

@ObjectType({ description: "Part of a job's time, with the tasks that ran in it." })
export class TimelineBucket {
  @Field(() => Date, { description: "Start, inclusive." })
  readonly from!: Date;
  @Field(() => Date, { description: "End, exclusive. The last bucket may be shorter than the others." })
  readonly to!: Date;
  @Field(() => [StageAmount], {
    description:
      "Running tasks by stage, in the order of the stages, including the collection task. Stages without a running task are omitted.",
  })
  readonly running!: readonly StageAmount[];
  @Field(() => Int, { description: "Number of document tasks that completed in the bucket." })
  readonly completed!: number;
  @Field(() => Int, {
    description: "Number of failures of document tasks in the bucket. A task that is retried may fail again.",
  })
  readonly failed!: number;
}
