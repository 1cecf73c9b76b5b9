import { Field, Float, Int, ObjectType } from "type-graphql";
import { enumOf } from "./enum-of.js";

export const StatisticsIntervalEnum = enumOf(
  "StatisticsInterval",
  "How long one bucket is.",
  ["MINUTE", "HOUR", "DAY"] as const,
  { MINUTE: "Sixty seconds.", HOUR: "Of the time zone.", DAY: "Of the time zone's calendar." },
);
export const EstimateBasisEnum = enumOf(
  "EstimateBasis",
  "What an estimate follows from.",
  ["OWN_PACE", "PIPELINE_HISTORY", "NONE"] as const,
  {
    OWN_PACE: "How fast the job has gone so far.",
    PIPELINE_HISTORY: "How long such work has taken in earlier runs of its pipeline.",
    NONE: "Nothing is known, or it does not go on just now; the message says why.",
  },
);

@ObjectType({ description: "Of a number of times, in milliseconds, within 2 %; null where there were none." })
export class Percentiles {
  @Field(() => Float, { nullable: true, description: "Half of them were not longer." })
  readonly p50!: number | null;
  @Field(() => Float, { nullable: true, description: "95 of a hundred were not longer." })
  readonly p95!: number | null;
  @Field(() => Float, { nullable: true, description: "99 of a hundred were not longer." })
  readonly p99!: number | null;
}

@ObjectType({ description: "What one stage did in a bucket." })
export class StageBucket {
  @Field(() => String, { description: "The name of the stage." })
  readonly stage!: string;
  @Field(() => Int, { description: "Passages through it that ended." })
  readonly completed!: number;
  @Field(() => Int, { description: "Tasks that failed at it." })
  readonly failed!: number;
  @Field(() => Percentiles, { description: "How long its passages took." })
  readonly runMs!: Percentiles;
}

@ObjectType({ description: "What was done in one interval: document tasks, by the time of each change." })
export class StatisticsBucket {
  @Field(() => Date, { description: "When it begins." })
  readonly at!: Date;
  @Field(() => Int, { description: "Tasks that came into being." })
  readonly submitted!: number;
  @Field(() => Int, { description: "Tasks that passed all their stages." })
  readonly completed!: number;
  @Field(() => Int, { description: "Tasks that failed." })
  readonly failed!: number;
  @Field(() => Int, { description: "Tasks that were cancelled." })
  readonly cancelled!: number;
  @Field(() => Int, { description: "Tasks that had nothing to do." })
  readonly skipped!: number;
  @Field(() => Int, {
    description: "Tries that failed and were scheduled again, and tasks that were retried by request.",
  })
  readonly retried!: number;
  @Field(() => Percentiles, {
    description: "How long tasks were due before a worker took them; waits between tries are not among them.",
  })
  readonly waitMs!: Percentiles;
  @Field(() => Percentiles, { description: "How long completed tasks ran under their last claim." })
  readonly runMs!: Percentiles;
  @Field(() => [StageBucket], { nullable: true, description: "By name; only where one pipeline is asked for." })
  readonly stages!: StageBucket[] | null;
}

@ObjectType({ description: "Throughput and times of a project, as the reconciler has counted its history." })
export class Statistics {
  @Field(() => Date, { description: "All that was committed before is counted; nothing after it need be." })
  readonly asOf!: Date;
  @Field(() => [StatisticsBucket], { description: "In the order of time, empty ones too." })
  readonly buckets!: StatisticsBucket[];
}

@ObjectType({ description: "When a job may end: five of six such estimates hold." })
export class Estimate {
  @Field(() => Date, { nullable: true, description: "As likely sooner as later; null where the basis is NONE." })
  readonly at!: Date | null;
  @Field(() => Date, { nullable: true, description: "Few end before; null where the basis is NONE." })
  readonly earliest!: Date | null;
  @Field(() => Date, { nullable: true, description: "Few end after; null where the basis is NONE." })
  readonly latest!: Date | null;
  @Field(() => Int, { description: "How many passages through stages, or earlier runs, it follows from." })
  readonly sampleSize!: number;
  @Field(() => EstimateBasisEnum, { description: "What it follows from." })
  readonly basis!: "OWN_PACE" | "PIPELINE_HISTORY" | "NONE";
  @Field(() => String, { description: "What it follows from, or why there is none, in a sentence." })
  readonly message!: string;
}
