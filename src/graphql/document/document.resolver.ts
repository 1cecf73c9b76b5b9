import { Arg, Args, Ctx, FieldResolver, ID, Int, ObjectType, Field, Float, Query, Resolver, Root } from "type-graphql";
import { BadInput } from "../../errors.js";
import { Chunk } from "../../model/chunk.js";
import { Collection } from "../../model/collection.js";
import { Document } from "../../model/document.js";
import { SignedUrl } from "../../model/signed-url.js";
import { Task } from "../../model/task.js";
import { ChunkConnection } from "../paging/connections.js";
import type { GraphContext } from "../context.js";
import { uuid } from "../ids.js";
import { signedUrl } from "../signed-url.js";
import { ForwardArgs } from "../paging/list-args.js";
import type { Page } from "../paging/page.js";
import { entityList } from "../paging/paged-list.js";

const CHUNK_ORDER = { name: "chunks", descending: false, columns: [{ sql: "t.ordinal", type: "int" }] } as const;
const MAX_TEXT_LIMIT = 100_000;
const MAX_HITS = 100;

@Resolver(() => Document)
export class DocumentResolver {
  @Query(() => Document, {
    nullable: true,
    description: "Document with this ID; null if it does not exist or the key has no access to it.",
  })
  document(
    @Arg("id", () => ID, { description: "ID of a document." }) id: string,
    @Ctx() { loaders }: GraphContext,
  ): Promise<Document | null> {
    return loaders.document.load(uuid(id, "id"));
  }

  @FieldResolver(() => Collection, { description: "Collection that contains the document." })
  collection(@Root() { collectionId }: Document, @Ctx() { loaders }: GraphContext): Promise<Collection | null> {
    return loaders.collection.load(collectionId);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: "Extracted text, from `offset`, at most `limit` UTF-16 code units; null if no text was extracted.",
  })
  text(
    @Root() document: Document,
    @Arg("offset", () => Int, {
      defaultValue: 0,
      nullable: true,
      description: "Start, in UTF-16 code units, from 0.",
    })
    offset: number | null,
    @Arg("limit", () => Int, {
      defaultValue: 10_000,
      nullable: true,
      description: "Maximum length in UTF-16 code units, 0 to 100,000.",
    })
    limit: number | null,
    @Ctx() { loaders }: GraphContext,
  ): Promise<string | null> {
    const [from, most] = [offset ?? 0, limit ?? 10_000];
    if (from < 0) throw new BadInput(`offset is ${from}; it must be 0 or more.`, { field: "offset" });
    if (most < 0 || most > MAX_TEXT_LIMIT)
      throw new BadInput(`limit is ${most}; it must be 0 to ${MAX_TEXT_LIMIT}.`, { field: "limit" });
    return loaders.sliceOfText.load({ documentId: document.id, from, most });
  }

  @FieldResolver(() => SignedUrl, {
    nullable: true,
    description:
      "Signed URL of the original content, valid for 15 minutes; null if Headway does not store the content, or not yet.",
  })
  async original(
    @Root() { id, sha256, sourceUri, blobKey }: Document,
    @Ctx() context: GraphContext,
  ): Promise<SignedUrl | null> {
    const isKept = sha256 !== null && (sourceUri === null || blobKey !== null);
    return isKept ? signedUrl(context, `originals/${id}`) : null;
  }

  @FieldResolver(() => ChunkConnection, { description: "Chunks in the order of the text." })
  chunks(
    @Root() { id }: Document,
    @Args() page: ForwardArgs,
    @Ctx() { db, projectId, loaders }: GraphContext,
  ): Promise<Page<Chunk>> {
    const query = db
      .getRepository(Chunk)
      .createQueryBuilder("t")
      .where("t.document_id = p.id and t.project_id = :projectId", { projectId })
      .andWhere("t.task_id = (select content_task_id from headway.document where id = p.id)")
      .andWhere("t.fence = (select chunk_fence from headway.document where id = p.id)");
    return loaders.pages.load(entityList({ name: "chunks of a document" }, CHUNK_ORDER, query), id, page);
  }

  @FieldResolver(() => Task, { nullable: true, description: "The newest task of the document; null if there is none." })
  lastTask(@Root() { id }: Document, @Ctx() { loaders }: GraphContext): Promise<Task | null> {
    return loaders.lastTaskOfDocument.load(id);
  }
}

@ObjectType({ description: "Part of a chunk's text that matches the query." })
export class Highlight {
  @Field(() => Int, { description: "Offset of the first character, in UTF-16 code units of the chunk's text." })
  readonly start!: number;
  @Field(() => Int, { description: "Offset after the last character, in UTF-16 code units of the chunk's text." })
  readonly end!: number;
}

@ObjectType({ description: "Chunk that a search found." })
export class SearchHit {
  @Field(() => Chunk, { description: "The chunk that was found." })
  readonly chunk!: Chunk;
  @Field(() => Float, {
    description:
      "Relevance by words and by meaning (reciprocal rank fusion), 0 to 1; higher is better. " +
      "Scores of different searches cannot be compared.",
  })
  readonly score!: number;
  @Field(() => [Highlight], {
    description:
      "Places in the text that match words of the query, in order, at most 50. Empty if the chunk matched by meaning only.",
  })
  readonly highlights!: readonly Highlight[];
}

@Resolver(() => Chunk)
export class ChunkResolver {
  @FieldResolver(() => Document, { description: "Document that the chunk is part of." })
  document(@Root() { documentId }: Chunk, @Ctx() { loaders }: GraphContext): Promise<Document | null> {
    return loaders.document.load(documentId);
  }

  @Query(() => [SearchHit], {
    description:
      "Searches the chunks of a collection by words and by meaning, in one ranking. Words, numbers and codes such as " +
      "INV-991 match regardless of case, accents and punctuation. Synonyms are found through embeddings.",
  })
  async search(
    @Arg("collectionId", () => ID, { description: "ID of the collection to search." }) collectionId: string,
    @Arg("query", () => String, { description: "Search text, 1 to 10,000 characters." }) query: string,
    @Arg("first", () => Int, { defaultValue: 10, nullable: true, description: "Maximum number of hits, 1 to 100." })
    first: number | null,
    @Ctx() { loaders, chunkSearch }: GraphContext,
  ): Promise<SearchHit[]> {
    const most = first ?? 10;
    if (most < 1 || most > MAX_HITS)
      throw new BadInput(`first is ${most}; it must be 1 to ${MAX_HITS}.`, { field: "first" });
    const collection = await loaders.collection.load(uuid(collectionId, "collectionId"));
    if (!collection)
      throw new BadInput(`collectionId: there is no collection ${collectionId}.`, { field: "collectionId" });
    return chunkSearch.best(collection, query, most);
  }
}
