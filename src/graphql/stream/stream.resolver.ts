import { Arg, Args, Ctx, ID, Query, Resolver, Root, Subscription } from "type-graphql";
import type { Gap } from "../../engine/stream/scope.js";
import type { EntityType } from "../../lifecycle/status.js";
import { EntityTypeEnum } from "../../model/enums.js";
import { Job } from "../../model/job.js";
import { StatusChange, StatusEvent } from "../../model/status-change.js";
import { StatusChangeConnection } from "../paging/connections.js";
import type { GraphContext } from "../context.js";
import { changePage } from "../history/history-page.js";
import { historyList } from "../history/history-list.js";
import { HistoryFilter } from "../history/history.input.js";
import { ScopeArgs } from "./stream.input.js";
import { jobStates } from "./job-states.js";
import { PageArgs } from "../paging/list-args.js";
import type { Page } from "../paging/page.js";
import { scopeOf } from "./scope.js";

interface ChangesArgs extends ScopeArgs {
  readonly after?: string | null;
  readonly entityTypes?: readonly EntityType[] | null;
}

interface Subscribing<Args> {
  readonly args: Args;
  readonly context: GraphContext;
}

@Resolver()
export class StreamResolver {
  @Query(() => StatusChangeConnection, { description: "Status changes, oldest first." })
  statusChanges(
    @Args() page: PageArgs,
    @Arg("filter", () => HistoryFilter, {
      nullable: true,
      description: "Filter; all changes of the project if absent.",
    })
    filter: HistoryFilter | null,
    @Ctx() context: GraphContext,
  ): Promise<Page<StatusChange>> {
    return changePage(context, historyList(context.principal, filter), page);
  }

  @Query(() => String, {
    description:
      "Current cursor of the stream of a scope, taken before anything else in the request is read. To follow without a gap, read the state in the same request, subscribe with the cursor as `after`, and ignore changes whose version is not newer than yours.",
  })
  async streamCursor(@Args() args: ScopeArgs, @Ctx() context: GraphContext): Promise<string> {
    const { loaders } = context;
    const cursor = await context.stream.cursor(await scopeOf(context, args));
    // What was read to know the scope is older than the cursor: whoever asks for it in this request reads it anew.
    for (const loader of [loaders.collection, loaders.job, loaders.task]) loader.clearAll();
    return cursor;
  }

  @Subscription(() => StatusEvent, {
    name: "statusChanges",
    description:
      "Every recorded change in the scope, exactly once, in commit order within a collection. With `after`, all changes since that cursor are sent first, then live changes. Without `after`, only changes from now on. Without an ID, all changes that the key can access.",
    subscribe: (async ({ args, context }: Subscribing<ChangesArgs>) =>
      context.stream.follow(await scopeOf(context, args), args.after ?? null, args.entityTypes ?? null)) as never,
  })
  statusChanged(
    @Root() event: StatusChange | Gap,
    @Args() _scope: ScopeArgs,
    @Arg("after", () => String, {
      nullable: true,
      description:
        "Start after this cursor, which comes from a change or from `streamCursor` with the same scope. Default: now.",
    })
    _after: string | null,
    @Arg("entityTypes", () => [EntityTypeEnum], {
      nullable: true,
      description: "Kinds of entities to include, such as [JOB]. All if absent; none if empty.",
    })
    _entityTypes: readonly EntityType[] | null,
  ): StatusChange | Gap {
    return event;
  }

  @Subscription(() => Job, {
    description:
      "Latest state of the job: once at the start, then at most 10 times a second. Intermediate states may be skipped. Ends when the job has settled.",
    subscribe: (({ args, context }: Subscribing<{ jobId: string }>) => jobStates(context, args.jobId)) as never,
  })
  jobProgress(@Root() job: Job, @Arg("jobId", () => ID, { description: "ID of a job." }) _jobId: string): Job {
    return job;
  }
}
