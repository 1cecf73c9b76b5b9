import { Field, Float, Int, ObjectType } from "type-graphql";
import { enumOf } from "./enum-of.js";

export const StatisticsIntervalEnum = enumOf(
  "StatisticsInterval",
  "Length of a bucket.",
  ["MINUTE", "HOUR", "DAY"] as const,
  { MINUTE: "60 seconds.", HOUR: "Hour in the time zone.", DAY: "Calendar day in the time zone." },
);
export const EstimateBasisEnum = enumOf(
  "EstimateBasis",
  "Basis of an estimate.",
  ["OWN_PACE", "PIPELINE_HISTORY", "NONE"] as const,
  {
    OWN_PACE: "The speed of this job so far.",
    PIPELINE_HISTORY: "Earlier runs of the same pipeline.",
    NONE: "No estimate is possible, or the job does not progress now; `message` says why.",
  },
);

@ObjectType({ description: "Percentiles of durations in milliseconds, accurate to 2 %; null if there were none." })
export class Percentiles {
  @Field(() => Float, { nullable: true, description: "50th percentile (median), in milliseconds." })
  readonly p50!: number | null;
  @Field(() => Float, { nullable: true, description: "95th percentile, in milliseconds." })
  readonly p95!: number | null;
  @Field(() => Float, { nullable: true, description: "99th percentile, in milliseconds." })
  readonly p99!: number | null;
}

@ObjectType({ description: "Statistics of one stage in a bucket." })
export class StageBucket {
  @Field(() => String, { description: "Name of the stage." })
  readonly stage!: string;
  @Field(() => Int, { description: "Number of completed stage runs." })
  readonly completed!: number;
  @Field(() => Int, { description: "Number of tasks that failed at the stage." })
  readonly failed!: number;
  @Field(() => Percentiles, { description: "Durations of completed stage runs." })
  readonly runMs!: Percentiles;
}

@ObjectType({ description: "Document tasks in one interval, by the time of each change." })
export class StatisticsBucket {
  @Field(() => Date, { description: "Start of the bucket." })
  readonly at!: Date;
  @Field(() => Int, { description: "Number of tasks that were created." })
  readonly submitted!: number;
  @Field(() => Int, { description: "Number of tasks that completed all stages." })
  readonly completed!: number;
  @Field(() => Int, { description: "Number of tasks that failed." })
  readonly failed!: number;
  @Field(() => Int, { description: "Number of tasks that were cancelled." })
  readonly cancelled!: number;
  @Field(() => Int, { description: "Number of tasks that were skipped." })
  readonly skipped!: number;
  @Field(() => Int, {
    description: "Number of failed attempts that were scheduled again, plus tasks retried by request.",
  })
  readonly retried!: number;
  @Field(() => Percentiles, {
    description: "Time that tasks were due before a worker claimed them, without the delay between attempts.",
  })
  readonly waitMs!: Percentiles;
  @Field(() => Percentiles, { description: "Running time of completed tasks under their last claim." })
  readonly runMs!: Percentiles;
  @Field(() => [StageBucket], {
    nullable: true,
    description: "Statistics by stage, sorted by name; null unless `pipeline` is given.",
  })
  readonly stages!: StageBucket[] | null;
}

@ObjectType({ description: "Throughput and durations of a project, as counted by the reconciler." })
export class Statistics {
  @Field(() => Date, { description: "Everything committed before this time is counted. Later changes may be missing." })
  readonly asOf!: Date;
  @Field(() => [StatisticsBucket], { description: "Buckets in the order of time, including empty ones." })
  readonly buckets!: StatisticsBucket[];
}

@ObjectType({
  description: "Estimated time of completion. About five of six jobs end between `earliest` and `latest`.",
})
export class Estimate {
  @Field(() => Date, { nullable: true, description: "Median estimate; null if `basis` is NONE." })
  readonly at!: Date | null;
  @Field(() => Date, { nullable: true, description: "Early bound; null if `basis` is NONE." })
  readonly earliest!: Date | null;
  @Field(() => Date, { nullable: true, description: "Late bound; null if `basis` is NONE." })
  readonly latest!: Date | null;
  @Field(() => Int, { description: "Number of stage runs, or of earlier job runs, that the estimate is based on." })
  readonly sampleSize!: number;
  @Field(() => EstimateBasisEnum, { description: "Basis of the estimate." })
  readonly basis!: "OWN_PACE" | "PIPELINE_HISTORY" | "NONE";
  @Field(() => String, { description: "Basis of the estimate, or why there is none, in one sentence." })
  readonly message!: string;
}
