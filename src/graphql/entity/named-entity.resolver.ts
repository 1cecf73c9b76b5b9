import { Arg, Args, Ctx, Field, FieldResolver, Int, ObjectType, Resolver, Root } from "type-graphql";
import { BadInput } from "../../errors.js";
import { Collection } from "../../model/collection.js";
import { Document } from "../../model/document.js";
import { NamedEntityTypeEnum } from "../../model/enums.js";
import type { NamedEntityType } from "../../model/named-entity-types.js";
import { NamedEntity } from "../../model/named-entity.js";
import { NamedEntityConnection } from "../paging/connections.js";
import type { GraphContext } from "../context.js";
import { oneOf } from "../paging/filters.js";
import { ForwardArgs } from "../paging/list-args.js";
import type { Page } from "../paging/page.js";
import { entityList } from "../paging/paged-list.js";

const IMPORTANT_FIRST = {
  name: "entities",
  descending: false,
  columns: [{ sql: "t.ordinal", type: "int" }],
} as const;
/** As many of each as are kept. */
const MAX_LISTED = 50;

@ObjectType({ description: "Entity that is mentioned near another one." })
export class RelatedEntity {
  @Field(() => NamedEntity, { description: "The other entity." })
  readonly entity!: NamedEntity;
  @Field(() => Int, { description: "Number of passages that mention both entities." })
  readonly together!: number;
}

@Resolver(() => NamedEntity)
export class NamedEntityResolver {
  @FieldResolver(() => [RelatedEntity], { description: "Entities that are most often mentioned near this one." })
  async related(
    @Root() { id }: NamedEntity,
    @Arg("first", () => Int, { defaultValue: 10, description: "Maximum number of items, at most 50." }) first: number,
    @Ctx() { loaders }: GraphContext,
  ): Promise<RelatedEntity[]> {
    return (await loaders.relatedOfEntity.load(id)).slice(0, listed(first));
  }

  @FieldResolver(() => [Document], { description: "Documents that mention the entity most often." })
  async documents(
    @Root() { id }: NamedEntity,
    @Arg("first", () => Int, { defaultValue: 10, description: "Maximum number of items, at most 50." }) first: number,
    @Ctx() { loaders }: GraphContext,
  ): Promise<Document[]> {
    const ids = (await loaders.documentsOfEntity.load(id)).slice(0, listed(first));
    const found = await Promise.all(ids.map(({ documentId }) => loaders.document.load(documentId)));
    return found.filter((document) => document !== null);
  }
}

@Resolver(() => Collection)
export class CollectionEntitiesResolver {
  @FieldResolver(() => NamedEntityConnection, {
    description:
      "Named entities in the documents, as found by the stage `graph` of the last job, most mentioned first.",
  })
  entities(
    @Root() { id }: Collection,
    @Args() page: ForwardArgs,
    @Arg("type", () => [NamedEntityTypeEnum], { nullable: true, description: "Types to include; all if absent." })
    type: NamedEntityType[] | null,
    @Ctx() { db, projectId, loaders }: GraphContext,
  ): Promise<Page<NamedEntity>> {
    const query = db
      .getRepository(NamedEntity)
      .createQueryBuilder("t")
      .where("t.project_id = :projectId", { projectId })
      .andWhere(
        "(t.task_id, t.fence) = (select s.task_id, s.fence from headway.named_entity_shown s where s.collection_id = p.id)",
      );
    oneOf(query, "t.type", type);
    const list = { name: "entities of a collection", filter: type };
    return loaders.pages.load(entityList(list, IMPORTANT_FIRST, query), id, page);
  }
}

function listed(first: number): number {
  if (first >= 0 && first <= MAX_LISTED) return first;
  throw new BadInput(`first is ${first}; it must be 0 to ${MAX_LISTED}.`, { field: "first" });
}
