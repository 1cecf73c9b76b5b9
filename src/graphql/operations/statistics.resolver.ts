import { Arg, Ctx, Field, FieldResolver, Float, InputType, Query, Resolver, Root } from "type-graphql";
import { MAX_BUCKETS, readStatistics, type StatisticsInterval } from "../../engine/read/statistics.js";
import { stageProgressOf } from "../../engine/read/stage-progress.js";
import { Job } from "../../model/job.js";
import { Estimate, Statistics, StatisticsIntervalEnum } from "../../model/statistics.js";
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

/** How much is done, how long it takes, and how long it will. */
@Resolver(() => Job)
export class StatisticsResolver {
  @Query(() => Statistics, {
    description:
      "Throughput and times of the project, from what the reconciler counts a few seconds later. Kept for HEADWAY_STATISTICS_DAYS.",
  })
  statistics(
    @Arg("input", () => StatisticsInput, { description: "Which time, in which steps." }) input: StatisticsInput,
    @Ctx() { db, projectId, once, signal }: GraphContext,
  ): Promise<object> {
    return once.do("statistics", { ...input }, () => readStatistics(db, projectId, input, signal));
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
}
