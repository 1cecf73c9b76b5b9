import { Field, Float, Int, ObjectType } from "type-graphql";

@ObjectType({ description: "How many tasks were at a stage." })
export class StageAmount {
  @Field(() => String, { description: "The name of the stage." })
  readonly stage!: string;
  @Field(() => Float, {
    description: "How many tasks a worker ran it for, on average over the bucket, to a thousandth; more than 0.",
  })
  readonly amount!: number;
}

@ObjectType({ description: "A part of a job's time, and what went on in it." })
export class TimelineBucket {
  @Field(() => Date, { description: "When it begins." })
  readonly from!: Date;
  @Field(() => Date, { description: "When it ends, exclusive. The last bucket may be shorter than the others." })
  readonly to!: Date;
  @Field(() => [StageAmount], {
    description:
      "By stage, in the order of the stages, those of the collection task too; stages that nothing was at are left out.",
  })
  readonly running!: readonly StageAmount[];
  @Field(() => Int, { description: "Document tasks that completed in it." })
  readonly completed!: number;
  @Field(() => Int, { description: "Document tasks that failed in it; one that is retried may fail again." })
  readonly failed!: number;
}
