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
  @Query(() => Collection, {
    nullable: true,
    description: "Collection with this ID; null if it does not exist or the key has no access to it.",
  })
  collection(
    @Arg("id", () => ID, { description: "ID of a collection." }) id: string,
    @Ctx() { loaders }: GraphContext,
  ): Promise<Collection | null> {
    return loaders.collection.load(uuid(id, "id"));
  }

  @Query(() => Collection, {
    nullable: true,
    description: "Collection with exactly this name; null if it does not exist or the key has no access to it.",
  })
  collectionByName(
    @Arg("name", () => String, { description: "Full name, case-sensitive." }) name: string,
    @Ctx() context: GraphContext,
  ): Promise<Collection | null> {
    return named(context, name);
  }

  @Query(() => CollectionConnection, { description: "Collections of the project, newest first." })
  collections(
    @Args() page: ListArgs,
    @Arg("filter", () => CollectionFilter, {
      nullable: true,
      description: "Filter; all collections if absent.",
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

  @Mutation(() => CreateCollectionPayload, {
    description: "Creates an empty collection. Requires OPERATOR. Errors: NAME_TAKEN, INVALID_INPUT.",
  })
  createCollection(
    @Arg("input", () => CreateCollectionInput, { description: "The collection to create." })
    input: CreateCollectionInput,
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
    description:
      "Changes the name, description, metadata or expiry of a collection, atomically. Requires OPERATOR. Errors: NOT_FOUND, NAME_TAKEN, COLLECTION_EXPIRED, INVALID_INPUT.",
  })
  updateCollection(
    @Arg("input", () => UpdateCollectionInput, { description: "The collection and the new values." })
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
    description:
      "Adds documents to a collection, or replaces the content of documents with the same name. All or none. Requires OPERATOR, or a browser key with UPLOAD. Errors: NOT_FOUND, INVALID_INPUT, ACTIVE_JOB_EXISTS, COLLECTION_EXPIRED, TOO_LARGE, URI_REFUSED, UPLOAD_INCOMPLETE, NAME_TAKEN, LIMIT_EXCEEDED.",
  })
  addDocuments(
    @Arg("input", () => AddDocumentsInput, { description: "The collection and the documents." })
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
      "Removes documents with their content, text, chunks and artifacts. All or none. Tasks are kept, with the name of the document. Requires OPERATOR. Errors: NOT_FOUND, INVALID_INPUT, ACTIVE_JOB_EXISTS, COLLECTION_EXPIRED.",
  })
  removeDocuments(
    @Arg("input", () => RemoveDocumentsInput, { description: "The collection and the documents to remove." })
    input: RemoveDocumentsInput,
    @Ctx() { deps, actor }: GraphContext,
  ): Promise<object> {
    return payload({ removedIds: [] }, async () => ({ removedIds: await removeDocuments(deps, actor, input) }));
  }

  @Mutation(() => DeleteCollectionPayload, {
    description:
      "Expires a collection now. An open job is cancelled first; then documents and results are removed. The record (EXPIRED) and its history are kept, and the name can be used again. Requires ADMIN. Errors: NOT_FOUND, COLLECTION_EXPIRED.",
  })
  deleteCollection(
    @Arg("input", () => DeleteCollectionInput, { description: "ID of the collection." }) input: DeleteCollectionInput,
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

  @FieldResolver(() => String, { description: "Meaning of the status, in one sentence." })
  statusDescription(@Root() { status }: Collection): string {
    return DESCRIPTIONS[status];
  }

  @FieldResolver(() => Float, { description: "Share of chunks with an embedding, 0 to 1; 0 if there are no chunks." })
  embeddingCoverage(@Root() { chunkCount, chunksWithEmbeddings }: Collection): number {
    return chunkCount === 0 ? 0 : chunksWithEmbeddings / chunkCount;
  }

  @FieldResolver(() => Job, { nullable: true, description: "The open job; null if there is none." })
  currentJob(@Root() { id }: Collection, @Ctx() { loaders }: GraphContext): Promise<Job | null> {
    return loaders.openJobOfCollection.load(id);
  }

  @FieldResolver(() => Job, { nullable: true, description: "The newest job; null if there is none." })
  lastJob(@Root() { id }: Collection, @Ctx() { loaders }: GraphContext): Promise<Job | null> {
    return loaders.lastJobOfCollection.load(id);
  }

  @FieldResolver(() => [Warning], { description: "Conditions that deserve attention, even if nothing failed." })
  warnings(@Root() { id }: Collection, @Ctx() { loaders }: GraphContext): Promise<Warning[]> {
    return loaders.warningsOfCollection.load(id);
  }

  @FieldResolver(() => Permission, { description: "Whether `submitJob` would be accepted now." })
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

  @FieldResolver(() => DocumentConnection, { description: "Documents in the order in which they were added." })
  documents(
    @Root() { id }: Collection,
    @Args() page: ForwardArgs,
    @Arg("filter", () => DocumentFilter, { nullable: true, description: "Filter; all documents if absent." })
    filter: DocumentFilter | null,
    @Ctx() { db, projectId, loaders }: GraphContext,
  ): Promise<Page<Document>> {
    // The project is asked of the collection, once: for the reason, see the tasks of a job (task-list.ts).
    const query = db
      .getRepository(Document)
      .createQueryBuilder("t")
      .where("t.collection_id = p.id")
      .andWhere("(select project_id from headway.collection where id = p.id) = :projectId", { projectId });
    nameContains(query, filter?.nameContains);
    oneOf(query, "t.media_type", filter?.mediaType);
    return loaders.pages.load(
      entityList({ name: "documents of a collection", filter }, DOCUMENT_ORDER, query),
      id,
      page,
    );
  }

  @FieldResolver(() => JobConnection, { description: "Jobs of the collection, newest first." })
  jobs(
    @Root() { id }: Collection,
    @Args() page: ForwardArgs,
    @Arg("filter", () => JobFilter, { nullable: true, description: "Filter; all jobs if absent." })
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
