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
  @FieldResolver(() => StatusChange, { description: "Who brought about the status shown, why and when." })
  async lastChange(@Root() { id }: TrackedEntity, @Ctx() { loaders }: GraphContext): Promise<StatusChange> {
    return (await loaders.lastChange.load(id))!;
  }

  @FieldResolver(() => StatusChangeConnection, {
    description: "Oldest first. The last entry's toStatus is the status shown.",
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
  @FieldResolver(() => ActorInfo, { description: "Who brought it about." })
  actor(@Root() change: StatusChange): ActorInfo {
    return { type: change.actorType, name: change.actor };
  }
}
