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
  /** Each of length 1, so that a cosine is a product. */
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
    const unit = ofLengthOne(Float32Array.from(wanted!));
    // Plain loops: with iterators and a call each, tens of thousands take twice as long.
    const scores = new Float64Array(vectors.length);
    for (let at = 0; at < vectors.length; at += 1) scores[at] = product(unit, vectors[at]!);
    // The least that is among the best: putting all in order, each with its id, takes longer than the products.
    const least = scores.toSorted().at(-Math.min(most, scores.length))!;
    const best: { readonly id: string; readonly score: number }[] = [];
    for (let at = 0; at < scores.length; at += 1) {
      if (scores[at]! >= least) best.push({ id: ids[at]!, score: scores[at]! });
    }
    return best
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
        vectors.push(ofLengthOne(new Float32Array(new Uint8Array(embedding).buffer)));
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

/** The vector itself, made as long as 1; one without a direction stays as it is. */
function ofLengthOne(vector: Float32Array): Float32Array {
  const length = Math.sqrt(product(vector, vector));
  if (length > 0) for (let at = 0; at < vector.length; at += 1) vector[at]! /= length;
  return vector;
}

/** 0 where the vectors are not comparable, being of different embedders. Four sums at once: no product waits for the one before it. */
function product(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return 0;
  let [one, two, three, four] = [0, 0, 0, 0];
  const whole = a.length - (a.length % 4);
  for (let at = 0; at < whole; at += 4) {
    one += a[at]! * b[at]!;
    two += a[at + 1]! * b[at + 1]!;
    three += a[at + 2]! * b[at + 2]!;
    four += a[at + 3]! * b[at + 3]!;
  }
  for (let at = whole; at < a.length; at += 1) one += a[at]! * b[at]!;
  return one + two + three + four || 0; // A vector that is none is near to nothing.
}
