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
  @Query(() => StatusChangeConnection, { description: "Oldest first." })
  statusChanges(
    @Args() page: PageArgs,
    @Arg("filter", () => HistoryFilter, {
      nullable: true,
      description: "Which changes; all of the project's when absent.",
    })
    filter: HistoryFilter | null,
    @Ctx() context: GraphContext,
  ): Promise<Page<StatusChange>> {
    return changePage(context, historyList(context.principal, filter), page);
  }

  @Query(() => String, {
    description:
      "Where the stream of this scope stands, taken before anything else in this request is read. Subscribe with it as `after`, drop what is not newer than the versions you have, and nothing is lost.",
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
      "Every recorded change in scope, none missing, none twice; within a collection in commit order. With `after`: first all changes behind that cursor, then live. Without: live from now. No scope argument: everything the viewer may see.",
    subscribe: (async ({ args, context }: Subscribing<ChangesArgs>) =>
      context.stream.follow(await scopeOf(context, args), args.after ?? null, args.entityTypes ?? null)) as never,
  })
  statusChanged(
    @Root() event: StatusChange | Gap,
    @Args() _scope: ScopeArgs,
    @Arg("after", () => String, {
      nullable: true,
      description:
        "Begin behind this cursor: a change's own, or one from streamCursor with the same scope. From now when absent.",
    })
    _after: string | null,
    @Arg("entityTypes", () => [EntityTypeEnum], {
      nullable: true,
      description: "Changes of these alone, such as [JOB] for a list of jobs; of all when absent, of none when empty.",
    })
    _entityTypes: readonly EntityType[] | null,
  ): StatusChange | Gap {
    return event;
  }

  @Subscription(() => Job, {
    description:
      "The job's latest state, at once and then at most 10 times a second; may skip states in between, ends when settled.",
    subscribe: (({ args, context }: Subscribing<{ jobId: string }>) => jobStates(context, args.jobId)) as never,
  })
  jobProgress(@Root() job: Job, @Arg("jobId", () => ID, { description: "The id of a job." }) _jobId: string): Job {
    return job;
  }
}
