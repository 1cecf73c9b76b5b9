import type { GraphQLResolveInfo } from "graphql";
import { Arg, Args, Ctx, FieldResolver, Float, ID, Info, Mutation, Query, Resolver, Root } from "type-graphql";
import type { SelectQueryBuilder } from "typeorm";
import { addDocuments, type AddedDocuments } from "../../engine/collection/add-documents.js";
import { createCollection, type NewCollection } from "../../engine/collection/collections.js";
import { idOf } from "../../engine/input.js";
import { updateCollection, type CollectionUpdate } from "../../engine/collection/update-collection.js";
import { deleteCollection } from "../../engine/expiry/expire.js";
import { NOTHING_TO_PROCESS, whyNotSubmit } from "../../engine/permissions.js";
import { removeDocuments } from "../../engine/collection/remove-documents.js";
import { Collection } from "../../model/collection.js";
import { Document } from "../../model/document.js";
import { Job } from "../../model/job.js";
import { Warning } from "../../model/warning.js";
import { Permission, permission } from "../../model/waiting.js";
import { whyNotMutate } from "../../access/principal.js";
import { CollectionConnection, DocumentConnection, JobConnection } from "../paging/connections.js";
import type { GraphContext } from "../context.js";
import { payload } from "../errors.js";
import { uuid } from "../ids.js";
import { AddDocumentsInput, DocumentFilter, RemoveDocumentsInput } from "../document/document.input.js";
import {
  CollectionFilter,
  CreateCollectionInput,
  DeleteCollectionInput,
  UpdateCollectionInput,
} from "./collection.input.js";
import { JobFilter } from "../job/job.input.js";
import { jobsOfCollection } from "../job/job-list.js";
import { ForwardArgs, ListArgs, requestOf } from "../paging/list-args.js";
import { createdBetween, nameContains, oneOf } from "../paging/filters.js";
import { narrow } from "../../access/key-scope.js";
import { type Page } from "../paging/page.js";
import { AddDocumentsPayload, RemoveDocumentsPayload } from "../document/document.payload.js";
import { CreateCollectionPayload, DeleteCollectionPayload, UpdateCollectionPayload } from "./collection.payload.js";
import { entityList, keysetPage } from "../paging/paged-list.js";

const NEWEST_COLLECTIONS = {
  name: "collections",
  descending: true,
  columns: [
    { sql: "t.created_at", type: "timestamptz" },
    { sql: "t.id", type: "uuid" },
  ],
} as const;
const DOCUMENT_ORDER = { name: "documents", descending: false, columns: [{ sql: "t.id", type: "uuid" }] } as const;

const DESCRIPTIONS: Record<Collection["status"], string> = {
  CREATED: "Nothing has been submitted yet.",
  PROCESSING: "A job is at work on it.",
  COMPLETED: "The last job completed every document.",
  COMPLETED_WITH_ERRORS: "The last job completed, but some documents failed or were cancelled; see its summary.",
  FAILED: "The last job failed; see its summary.",
  CANCELLED: "The last job was cancelled.",
  EXPIRED: "Its contents have been removed.",
};

@Resolver(() => Collection)
export class CollectionResolver {
  @Query(() => Collection, { nullable: true, description: "The collection with this id; null where there is none." })
  collection(
    @Arg("id", () => ID, { description: "The id of a collection." }) id: string,
    @Ctx() { loaders }: GraphContext,
  ): Promise<Collection | null> {
    return loaders.collection.load(uuid(id, "id"));
  }

  @Query(() => Collection, {
    nullable: true,
    description: "The collection with exactly this name; null where there is none.",
  })
  collectionByName(
    @Arg("name", () => String, { description: "Its whole name." }) name: string,
    @Ctx() context: GraphContext,
  ): Promise<Collection | null> {
    return named(context, name);
  }

  @Query(() => CollectionConnection, { description: "Newest first." })
  collections(
    @Args() page: ListArgs,
    @Arg("filter", () => CollectionFilter, {
      nullable: true,
      description: "Which collections; all of them when absent.",
    })
    filter: CollectionFilter | null,
    @Ctx() context: GraphContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Page<Collection>> {
    const query = collections(context);
    oneOf(query, "t.status", filter?.status);
    nameContains(query, filter?.nameContains);
    createdBetween(query, filter);
    if (filter?.metadata !== null && filter?.metadata !== undefined) {
      query.andWhere("t.metadata @> cast(:metadata as jsonb)", {
        metadata: JSON.stringify(filter.metadata).replaceAll("\\u0000", ""),
      });
    }
    return keysetPage(context, query, NEWEST_COLLECTIONS, requestOf(page, info));
  }

  @Mutation(() => CreateCollectionPayload, { description: "Makes an empty collection." })
  createCollection(
    @Arg("input", () => CreateCollectionInput, { description: "The new collection." }) input: CreateCollectionInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    const { deps, actor, loaders } = context;
    return payload(
      { collection: null },
      async () => {
        const id = await createCollection(deps, actor, input as NewCollection);
        return {
          get collection() {
            return loaders.collection.load(id);
          },
          existing: null as Collection | null,
        };
      },
      async ({ code }) => (code === "NAME_TAKEN" ? { existing: await named(context, input.name) } : {}),
    );
  }

  @Mutation(() => UpdateCollectionPayload, {
    description: "Changes the name, description, metadata or expiry of a collection; all of what is given, or nothing.",
  })
  updateCollection(
    @Arg("input", () => UpdateCollectionInput, { description: "Which collection, and what is to change." })
    input: UpdateCollectionInput,
    @Ctx() { deps, actor, loaders }: GraphContext,
  ): Promise<object> {
    return payload({ collection: null }, async () => {
      const id = await updateCollection(deps, actor, input as CollectionUpdate);
      return {
        get collection() {
          return loaders.collection.load(id);
        },
      };
    });
  }

  @Mutation(() => AddDocumentsPayload, {
    description: "Adds documents to a collection, or gives those of the same name new content; all or nothing.",
  })
  addDocuments(
    @Arg("input", () => AddDocumentsInput, { description: "The documents, and where they go." })
    input: AddDocumentsInput,
    @Ctx() { deps, actor, loaders }: GraphContext,
  ): Promise<object> {
    return payload({ documents: [] }, async () => {
      const ids = await addDocuments(deps, actor, input as AddedDocuments);
      return {
        get documents() {
          return loaders.document.loadMany(ids);
        },
      };
    });
  }

  @Mutation(() => RemoveDocumentsPayload, {
    description:
      "Removes documents with their bytes, text, chunks and stored files; all or nothing. Their tasks stay, with the document's name.",
  })
  removeDocuments(
    @Arg("input", () => RemoveDocumentsInput, { description: "Which documents of which collection." })
    input: RemoveDocumentsInput,
    @Ctx() { deps, actor }: GraphContext,
  ): Promise<object> {
    return payload({ removedIds: [] }, async () => ({ removedIds: await removeDocuments(deps, actor, input) }));
  }

  @Mutation(() => DeleteCollectionPayload, {
    description:
      "Expiry, now: an open job is cancelled first, contents and results go, the record and its history stay (EXPIRED), the name is free again.",
  })
  deleteCollection(
    @Arg("input", () => DeleteCollectionInput, { description: "Which collection." }) input: DeleteCollectionInput,
    @Ctx() { deps, actor, loaders }: GraphContext,
  ): Promise<object> {
    return payload({ collection: null }, async () => {
      const id = await deleteCollection(deps, actor, { collectionId: idOf(input.collectionId, ["collectionId"]) });
      return {
        get collection() {
          return loaders.collection.load(id);
        },
      };
    });
  }

  @FieldResolver(() => String, { description: "The status in a sentence." })
  statusDescription(@Root() { status }: Collection): string {
    return DESCRIPTIONS[status];
  }

  @FieldResolver(() => Float, { description: "0 to 1; 0 when there are no chunks." })
  embeddingCoverage(@Root() { chunkCount, chunksWithEmbeddings }: Collection): number {
    return chunkCount === 0 ? 0 : chunksWithEmbeddings / chunkCount;
  }

  @FieldResolver(() => Job, { nullable: true, description: "The one job that is not yet settled, if any." })
  currentJob(@Root() { id }: Collection, @Ctx() { loaders }: GraphContext): Promise<Job | null> {
    return loaders.openJobOfCollection.load(id);
  }

  @FieldResolver(() => Job, { nullable: true, description: "The newest one." })
  lastJob(@Root() { id }: Collection, @Ctx() { loaders }: GraphContext): Promise<Job | null> {
    return loaders.lastJobOfCollection.load(id);
  }

  @FieldResolver(() => [Warning], { description: "What deserves a look now, though it may have failed nothing." })
  warnings(@Root() { id }: Collection, @Ctx() { loaders }: GraphContext): Promise<Warning[]> {
    return loaders.warningsOfCollection.load(id);
  }

  @FieldResolver(() => Permission, { description: "Whether submitJob would be taken now." })
  async canSubmit(
    @Root() { id, status, documentCount }: Collection,
    @Ctx() { loaders, principal }: GraphContext,
  ): Promise<Permission> {
    const notAllowed = whyNotMutate(principal, "submitJob");
    if (notAllowed !== null) return permission(notAllowed);
    const [isExpiring, openJob] = await Promise.all([
      loaders.isExpiring.load(id),
      loaders.openJobOfCollection.load(id),
    ]);
    const refused = whyNotSubmit(id, { status, isExpiring }, openJob)?.message ?? null;
    return permission(refused ?? (documentCount === 0 ? NOTHING_TO_PROCESS : null));
  }

  @FieldResolver(() => DocumentConnection, { description: "In the order in which they were added." })
  documents(
    @Root() { id }: Collection,
    @Args() page: ForwardArgs,
    @Arg("filter", () => DocumentFilter, { nullable: true, description: "Which documents; all of them when absent." })
    filter: DocumentFilter | null,
    @Ctx() { db, projectId, loaders }: GraphContext,
  ): Promise<Page<Document>> {
    const query = db
      .getRepository(Document)
      .createQueryBuilder("t")
      .where("t.collection_id = p.id and t.project_id = :projectId", { projectId });
    nameContains(query, filter?.nameContains);
    oneOf(query, "t.media_type", filter?.mediaType);
    return loaders.pages.load(
      entityList({ name: "documents of a collection", filter }, DOCUMENT_ORDER, query),
      id,
      page,
    );
  }

  @FieldResolver(() => JobConnection, { description: "Newest first." })
  jobs(
    @Root() { id }: Collection,
    @Args() page: ForwardArgs,
    @Arg("filter", () => JobFilter, { nullable: true, description: "Which jobs; all of them when absent." })
    filter: JobFilter | null,
    @Ctx() context: GraphContext,
  ): Promise<Page<Job>> {
    return jobsOfCollection(context, id, page, filter);
  }
}

function named(context: GraphContext, name: string): Promise<Collection | null> {
  return collections(context)
    .andWhere("t.name = :name", { name: name.replaceAll("\0", "") })
    .getOne();
}

function collections({ db, projectId, principal }: GraphContext): SelectQueryBuilder<Collection> {
  const query = db.getRepository(Collection).createQueryBuilder("t").where("t.project_id = :projectId", { projectId });
  return narrow(query, principal.scope, "t.id");
}
