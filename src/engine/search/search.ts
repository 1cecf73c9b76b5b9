import type { DataSource } from "typeorm";
import { BadInput } from "../../errors.js";
import { Chunk } from "../../model/chunk.js";
import type { Collection } from "../../model/collection.js";
import type { Embedder } from "../../pipelines/embedding/embedder.js";
import { VectorSearch } from "./by-meaning.js";
import { chunksByWords } from "./by-words.js";
import { highlightsOf, type TextRange } from "./highlights.js";
import { termsOf } from "./terms.js";

const MAX_QUERY_LENGTH = 10_000;
/** Of each ranking so many are fused; a hundred are asked for at most. */
const RANKED = 200;
/**
 * How much the first places count above the next ones. Source: Cormack, Clarke, Büttcher, "Reciprocal Rank Fusion
 * outperforms Condorcet and individual Rank Learning Methods", SIGIR 2009.
 */
const RANK_CONSTANT = 60;

export interface Hit {
  readonly chunk: Chunk;
  readonly score: number;
  readonly highlights: readonly TextRange[];
}

/** Finds chunks of a collection by their words and by their meaning, in one ranking. */
export class ChunkSearch {
  readonly #db: DataSource;
  readonly #vectors: VectorSearch;

  constructor(db: DataSource, embedder: Embedder) {
    this.#db = db;
    this.#vectors = new VectorSearch(db, embedder);
  }

  /** @throws {BadInput} on a blank query, one too long, or a collection too large */
  async best(collection: Collection, query: string, first: number): Promise<Hit[]> {
    if (query.trim() === "" || query.length > MAX_QUERY_LENGTH) {
      throw new BadInput(`query must have 1 to ${MAX_QUERY_LENGTH} characters, not only blanks.`, {
        field: "query",
      });
    }
    const terms = termsOf(query);
    const [byWords, byMeaning] = await Promise.all([
      chunksByWords(this.#db, collection, { terms, most: RANKED }),
      this.#vectors.nearest(collection, query, RANKED),
    ]);
    const best = fused([byWords, byMeaning]).slice(0, first);
    const chunks = await this.#db
      .getRepository(Chunk)
      .createQueryBuilder("t")
      .where("t.id = any(:ids)", { ids: best.map(({ id }) => id) })
      .getMany();
    const byId = new Map(chunks.map((chunk) => [chunk.id, chunk]));
    // A chunk may have gone since it was ranked; what is gone is no hit.
    return best.flatMap(({ id, score }) => {
      const chunk = byId.get(id);
      return chunk ? [{ chunk, score, highlights: highlightsOf(chunk.text, terms) }] : [];
    });
  }
}

/** Reciprocal rank fusion; 1 is the first of all. Of equals the one of the earlier ranking comes first. */
function fused(rankings: readonly (readonly string[])[]): { readonly id: string; readonly score: number }[] {
  const scores = new Map<string, number>();
  for (const ids of rankings) {
    for (const [rank, id] of ids.entries()) {
      const share = (RANK_CONSTANT + 1) / (RANK_CONSTANT + 1 + rank) / rankings.length;
      scores.set(id, (scores.get(id) ?? 0) + share);
    }
  }
  return [...scores].map(([id, score]) => ({ id, score })).sort((a, b) => b.score - a.score);
}
