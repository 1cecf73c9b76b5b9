import type { DataSource } from "typeorm";
import { eachPageById } from "../../database/each-page.js";
import { BadInput } from "../../errors.js";
import type { Collection } from "../../model/collection.js";
import type { Embedder } from "../../pipelines/embedding/embedder.js";

/** Vectors of a collection are scored one by one; past this an index in the database is called for. */
const MAX_CHUNKS = 50_000;
const BATCH = 2_000;
/** Collections whose vectors are kept; 50,000 chunks of 512 dimensions are 100 MB. */
const MAX_CACHED_BYTES = 200_000_000;

interface Vectors {
  readonly contentVersion: string;
  readonly ids: readonly string[];
  readonly vectors: readonly Float32Array[];
  readonly sizeBytes: number;
}

/** Chunks by the cosine of their vectors, which are read once for a collection and kept until its content moves. */
export class VectorSearch {
  readonly #db: DataSource;
  readonly #embedder: Embedder;
  readonly #cache = new Map<string, Promise<Vectors>>();

  constructor(db: DataSource, embedder: Embedder) {
    this.#db = db;
    this.#embedder = embedder;
  }

  /** Their ids, the nearest first, at most `most`. @throws {BadInput} for a collection too large */
  async nearest(collection: Collection, query: string, most: number): Promise<string[]> {
    if (collection.chunksWithEmbeddings > MAX_CHUNKS) {
      throw new BadInput(
        `The collection has ${collection.chunksWithEmbeddings} chunks with a vector; search takes at most ${MAX_CHUNKS}.`,
      );
    }
    const { ids, vectors } = await this.#vectorsOf(collection);
    if (ids.length === 0) return [];
    const [wanted] = await this.#embedder.embed([query]);
    const scored = vectors.map((vector, index) => ({ id: ids[index]!, score: cosine(wanted!, vector) }));
    return scored
      .sort((a, b) => b.score - a.score)
      .slice(0, most)
      .map(({ id }) => id);
  }

  async #vectorsOf({ id, contentVersion }: Collection): Promise<Vectors> {
    const cached = await this.#cache.get(id)?.catch(() => null); // A read that failed is tried again.
    if (cached?.contentVersion === contentVersion) return cached;
    const reading = this.#read(id, contentVersion);
    this.#cache.delete(id);
    this.#cache.set(id, reading);
    const vectors = await reading;
    await this.#forgetOldest();
    return vectors;
  }

  async #read(collectionId: string, contentVersion: string): Promise<Vectors> {
    const ids: string[] = [];
    const vectors: Float32Array[] = [];
    let sizeBytes = 0;
    const pages = eachPageById<{ id: string; embedding: Buffer }>(BATCH, (after, limit) =>
      this.#db.query(
        `select c.id, c.embedding from headway.document d
         join headway.chunk c on c.document_id = d.id and c.task_id = d.content_task_id and c.fence = d.chunk_fence
         where d.collection_id = $1 and c.embedding is not null and c.id > $2 order by c.id limit $3`,
        [collectionId, after, limit],
      ),
    );
    for await (const rows of pages) {
      for (const { id, embedding } of rows) {
        ids.push(id);
        vectors.push(new Float32Array(new Uint8Array(embedding).buffer));
        sizeBytes += embedding.length;
      }
    }
    return { contentVersion, ids, vectors, sizeBytes };
  }

  async #forgetOldest(): Promise<void> {
    const settled = await Promise.all(
      [...this.#cache].map(async ([id, one]) => ({ id, sizeBytes: (await one.catch(() => null))?.sizeBytes ?? 0 })),
    );
    let total = settled.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const { id, sizeBytes } of settled.slice(0, -1)) {
      if (total <= MAX_CACHED_BYTES) return;
      this.#cache.delete(id);
      total -= sizeBytes;
    }
  }
}

/** Cosine similarity; 0 where the vectors are not comparable, being of different embedders or empty. */
function cosine(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return 0;
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    dot += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return aa === 0 || bb === 0 ? 0 : dot / Math.sqrt(aa * bb);
}
