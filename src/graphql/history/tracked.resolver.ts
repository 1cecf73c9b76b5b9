import { Args, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { TrackedEntity } from "../../model/node.js";
import { ActorInfo, StatusChange } from "../../model/status-change.js";
import { StatusChangeConnection } from "../paging/connections.js";
import type { GraphContext } from "../context.js";
import { historyOf } from "./history-page.js";
import { PageArgs } from "../paging/list-args.js";
import type { Page } from "../paging/page.js";

/** What collections, jobs and tasks share. */
@Resolver(() => TrackedEntity)
export class TrackedResolver {
  @FieldResolver(() => StatusChange, { description: "The change that led to the current status." })
  async lastChange(@Root() { id }: TrackedEntity, @Ctx() { loaders }: GraphContext): Promise<StatusChange> {
    return (await loaders.lastChange.load(id))!;
  }

  @FieldResolver(() => StatusChangeConnection, {
    description: "Changes, oldest first. The `toStatus` of the last one is the current status.",
  })
  history(
    @Root() { id }: TrackedEntity,
    @Args() page: PageArgs,
    @Ctx() { projectId, loaders }: GraphContext,
  ): Promise<Page<StatusChange>> {
    return loaders.pages.load(historyOf(projectId), id, page);
  }
}

@Resolver(() => StatusChange)
export class StatusChangeResolver {
  @FieldResolver(() => ActorInfo, { description: "Actor who made the change." })
  actor(@Root() change: StatusChange): ActorInfo {
    return { type: change.actorType, name: change.actor };
  }
}
