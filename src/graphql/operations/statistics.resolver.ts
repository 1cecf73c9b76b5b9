import { Arg, Ctx, Field, FieldResolver, Float, InputType, Int, Query, Resolver, Root } from "type-graphql";
import { MAX_BUCKETS, readStatistics, type StatisticsInterval } from "../../engine/read/statistics.js";
import { stageProgressOf } from "../../engine/read/stage-progress.js";
import { BadInput } from "../../errors.js";
import { timelineOf } from "../../lifecycle/timeline.js";
import { Job } from "../../model/job.js";
import { Estimate, Statistics, StatisticsIntervalEnum } from "../../model/statistics.js";
import { TimelineBucket } from "../../model/timeline.js";
import type { GraphContext } from "../context.js";

@InputType({ description: "Time range and interval." })
export class StatisticsInput {
  @Field(() => Date, { description: "Start of the range. The first bucket contains this time." })
  readonly from!: Date;
  @Field(() => Date, { nullable: true, description: "End of the range, exclusive. Default: now." })
  readonly to?: Date | null;
  @Field(() => String, {
    nullable: true,
    description: "Name of a pipeline; all pipelines if absent. Statistics by stage are returned only if it is given.",
  })
  readonly pipeline?: string | null;
  @Field(() => StatisticsIntervalEnum, {
    description: `Length of a bucket. The range may have at most ${MAX_BUCKETS} buckets.`,
  })
  readonly interval!: StatisticsInterval;
  @Field(() => String, { nullable: true, description: "IANA time zone, such as Europe/Berlin. Default: UTC." })
  readonly timeZone?: string | null;
}

const DEFAULT_TIMELINE_BUCKETS = 200;

/** How much is done, how long it takes, and how long it will. */
@Resolver(() => Job)
export class StatisticsResolver {
  @Query(() => Statistics, {
    description:
      "Throughput and durations of the project. The reconciler counts changes a few seconds after they happen. Kept for HEADWAY_STATISTICS_DAYS.",
  })
  statistics(
    @Arg("input", () => StatisticsInput, { description: "Time range and interval." }) input: StatisticsInput,
    @Ctx() { db, projectId, signal }: GraphContext,
  ): Promise<object> {
    return readStatistics(db, projectId, input, signal);
  }

  @FieldResolver(() => Estimate, {
    nullable: true,
    description:
      "Estimated time of completion. Null once the job has settled. While the pipeline is paused, `basis` is NONE.",
  })
  eta(@Root() { id, finishedAt }: Job, @Ctx() { loaders }: GraphContext): Promise<object | null> | null {
    return finishedAt === null ? loaders.estimateOfJob.load(id) : null;
  }

  @FieldResolver(() => Float, {
    description:
      "Share of stages completed over all tasks, including the collection task, 0 to 1. It is 1 only when the job has settled.",
  })
  async stageProgress(@Root() job: Job, @Ctx() { loaders }: GraphContext): Promise<number> {
    if (job.finishedAt !== null) return 1;
    const [counts, collectionTask] = await Promise.all([
      loaders.stageCountsOfJob.load(job.id),
      job.collectionStages.length > 0 ? loaders.collectionTaskOfJob.load(job.id) : null,
    ]);
    return stageProgressOf(job, counts, collectionTask);
  }

  @FieldResolver(() => [TimelineBucket], {
    description: `Number of running tasks by stage over time, over all runs, in buckets of equal length from the first start to the end of the job or now. The reconciler counts it a few seconds after the changes. Reading costs the same for any size of job: it is stored with a resolution of 250 ms or longer, in at most 400 rows. Kept as long as the job. Empty before the first start, and if HEADWAY_STATISTICS_DAYS is 0.`,
  })
  async timeline(
    @Root() { id, finishedAt, documentStages, collectionStages }: Job,
    @Arg("buckets", () => Int, {
      nullable: true,
      defaultValue: DEFAULT_TIMELINE_BUCKETS,
      description: `Maximum number of buckets, 1 to ${MAX_BUCKETS}.`,
    })
    buckets: number | null,
    @Ctx() { loaders }: GraphContext,
  ): Promise<readonly object[]> {
    const most = buckets ?? DEFAULT_TIMELINE_BUCKETS;
    if (most < 1 || most > MAX_BUCKETS) {
      throw new BadInput(`buckets is ${most}; it must be from 1 to ${MAX_BUCKETS}.`, { field: "buckets" });
    }
    const places = await loaders.timelineOfJob.load(id);
    const countedMs = places[0]?.asOf.getTime() ?? 0;
    const endMs = Math.min(finishedAt?.getTime() ?? countedMs, countedMs);
    return timelineOf(places, { endMs, most, stages: [...documentStages, ...collectionStages] });
  }
}
