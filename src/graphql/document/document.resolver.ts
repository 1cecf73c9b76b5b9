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
  @Query(() => Document, { nullable: true, description: "The document with this id; null where there is none." })
  document(
    @Arg("id", () => ID, { description: "The id of a document." }) id: string,
    @Ctx() { loaders }: GraphContext,
  ): Promise<Document | null> {
    return loaders.document.load(uuid(id, "id"));
  }

  @FieldResolver(() => Collection, { description: "Where it belongs." })
  collection(@Root() { collectionId }: Document, @Ctx() { loaders }: GraphContext): Promise<Collection | null> {
    return loaders.collection.load(collectionId);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      "Extracted text, from character `offset`, at most `limit` characters (UTF-16 code units; limit at most 100,000).",
  })
  text(
    @Root() document: Document,
    @Arg("offset", () => Int, {
      defaultValue: 0,
      nullable: true,
      description: "Where to begin, in UTF-16 code units, from 0.",
    })
    offset: number | null,
    @Arg("limit", () => Int, {
      defaultValue: 10_000,
      nullable: true,
      description: "How many UTF-16 code units at most, 0 to 100,000.",
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
      "Where to download the bytes as they came in, for 15 minutes; null where they are not kept here (yet).",
  })
  async original(
    @Root() { id, sha256, sourceUri, blobKey }: Document,
    @Ctx() context: GraphContext,
  ): Promise<SignedUrl | null> {
    const isKept = sha256 !== null && (sourceUri === null || blobKey !== null);
    return isKept ? signedUrl(context, `originals/${id}`) : null;
  }

  @FieldResolver(() => ChunkConnection, { description: "In the order of the text." })
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

  @FieldResolver(() => Task, { nullable: true, description: "The newest one." })
  lastTask(@Root() { id }: Document, @Ctx() { loaders }: GraphContext): Promise<Task | null> {
    return loaders.lastTaskOfDocument.load(id);
  }
}

@ObjectType({ description: "A piece of a chunk's text that has what was looked for." })
export class Highlight {
  @Field(() => Int, { description: "In UTF-16 code units into the chunk's text." })
  readonly start!: number;
  @Field(() => Int, { description: "Behind its last character, in the same units." })
  readonly end!: number;
}

@ObjectType({ description: "A chunk that a search found." })
export class SearchHit {
  @Field(() => Chunk, { description: "What was found." })
  readonly chunk!: Chunk;
  @Field(() => Float, {
    description:
      "How high it stands by its words and by its meaning (reciprocal rank fusion), 0 to 1; higher is better. " +
      "It compares the hits of one search, not those of two.",
  })
  readonly score!: number;
  @Field(() => [Highlight], {
    description: "Where its text has words that were asked for, in order, 50 at most; empty where its meaning is near.",
  })
  readonly highlights!: readonly Highlight[];
}

@Resolver(() => Chunk)
export class ChunkResolver {
  @FieldResolver(() => Document, { description: "What it is a piece of." })
  document(@Root() { documentId }: Chunk, @Ctx() { loaders }: GraphContext): Promise<Document | null> {
    return loaders.document.load(documentId);
  }

  @Query(() => [SearchHit], {
    description:
      "Chunks by their words and by their meaning, in one ranking. Words, numbers and marks such as INV-991 are found as " +
      "they are written, whatever their case, accents and signs between; other words for the same are found by embedding.",
  })
  async search(
    @Arg("collectionId", () => ID, { description: "Where to look." }) collectionId: string,
    @Arg("query", () => String, { description: "What to look for, in words; 1 to 10,000 characters." }) query: string,
    @Arg("first", () => Int, { defaultValue: 10, nullable: true, description: "How many at most, 1 to 100." })
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
