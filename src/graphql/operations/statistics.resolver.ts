import { Arg, Ctx, Field, FieldResolver, Float, InputType, Int, Query, Resolver, Root } from "type-graphql";
import { MAX_BUCKETS, readStatistics, type StatisticsInterval } from "../../engine/read/statistics.js";
import { stageProgressOf } from "../../engine/read/stage-progress.js";
import { BadInput } from "../../errors.js";
import { timelineOf } from "../../lifecycle/timeline.js";
import { Job } from "../../model/job.js";
import { Estimate, Statistics, StatisticsIntervalEnum } from "../../model/statistics.js";
import { TimelineBucket } from "../../model/timeline.js";
import type { GraphContext } from "../context.js";

@InputType({ description: "Which time, in which steps." })
export class StatisticsInput {
  @Field(() => Date, { description: "The first bucket is the one that holds it." })
  readonly from!: Date;
  @Field(() => Date, { nullable: true, description: "Exclusive; now when absent." })
  readonly to?: Date | null;
  @Field(() => String, { nullable: true, description: "Only of this pipeline, by name; then also by stage." })
  readonly pipeline?: string | null;
  @Field(() => StatisticsIntervalEnum, { description: `How long a bucket is; at most ${MAX_BUCKETS} of them.` })
  readonly interval!: StatisticsInterval;
  @Field(() => String, { nullable: true, description: "Such as Europe/Berlin; UTC when absent." })
  readonly timeZone?: string | null;
}

const DEFAULT_TIMELINE_BUCKETS = 200;

/** How much is done, how long it takes, and how long it will. */
@Resolver(() => Job)
export class StatisticsResolver {
  @Query(() => Statistics, {
    description:
      "Throughput and times of the project, from what the reconciler counts a few seconds later. Kept for HEADWAY_STATISTICS_DAYS.",
  })
  statistics(
    @Arg("input", () => StatisticsInput, { description: "Which time, in which steps." }) input: StatisticsInput,
    @Ctx() { db, projectId, signal }: GraphContext,
  ): Promise<object> {
    return readStatistics(db, projectId, input, signal);
  }

  @FieldResolver(() => Estimate, {
    nullable: true,
    description: "When it may end. Null once it is settled; while it is paused its basis is NONE.",
  })
  eta(@Root() { id, finishedAt }: Job, @Ctx() { loaders }: GraphContext): Promise<object | null> | null {
    return finishedAt === null ? loaders.estimateOfJob.load(id) : null;
  }

  @FieldResolver(() => Float, {
    description:
      "Passages through stages that are behind it by those of all its tasks, those of the collection task too, 0 to 1; 1 only when it is settled.",
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
    description: `When its tasks were at which stage, over all its runs, in buckets of one length from the first start to its end or now. The reconciler counts it a few seconds later. It costs the same whatever the size of the job: from 250 ms on, its places are so long that there are at most 400. It is kept as long as the job; empty before the first start, and where HEADWAY_STATISTICS_DAYS is 0.`,
  })
  async timeline(
    @Root() { id, finishedAt, documentStages, collectionStages }: Job,
    @Arg("buckets", () => Int, {
      nullable: true,
      defaultValue: DEFAULT_TIMELINE_BUCKETS,
      description: `At most so many; 1 to ${MAX_BUCKETS}.`,
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
