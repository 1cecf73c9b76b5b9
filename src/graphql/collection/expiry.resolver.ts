import type { GraphQLResolveInfo } from "graphql";
import { Args, Ctx, Info, Query, Resolver } from "type-graphql";
import { narrow } from "../../access/key-scope.js";
import { Collection } from "../../model/collection.js";
import type { GraphContext } from "../context.js";
import { CollectionConnection } from "../paging/connections.js";
import { ListArgs, requestOf } from "../paging/list-args.js";
import type { Page } from "../paging/page.js";
import { keysetPage } from "../paging/paged-list.js";

const SOONEST = {
  name: "expiring collections",
  descending: false,
  columns: [
    { sql: "t.expires_at", type: "timestamptz" },
    { sql: "t.id", type: "uuid" },
  ],
} as const;

/** What goes when. */
@Resolver()
export class ExpiryResolver {
  @Query(() => CollectionConnection, {
    description:
      "Collections that will expire, the soonest first. Collections without an expiry time are not included.",
  })
  expiringCollections(
    @Args() page: ListArgs,
    @Ctx() context: GraphContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Page<Collection>> {
    const { db, projectId, principal } = context;
    const query = db
      .getRepository(Collection)
      .createQueryBuilder("t")
      .where("t.project_id = :projectId and t.status <> 'EXPIRED' and t.expires_at is not null", { projectId });
    return keysetPage(context, narrow(query, principal.scope, "t.id"), SOONEST, requestOf(page, info));
  }
}
