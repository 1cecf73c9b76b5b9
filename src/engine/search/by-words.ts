import type { DataSource } from "typeorm";
import type { Collection } from "../../model/collection.js";
import { collectionLexeme } from "./lexemes.js";
import type { Term } from "./terms.js";

/** Of one term no more chunks are looked at: a word that so many have says little. */
const MAX_OF_A_TERM = 5_000;
/** Of the best by their words so many are read whole, for how near to one another the words are. */
const MAX_READ = 1_000;

/**
 * Chunks by the words that they have, the best first, at most `most`. A word weighs the more the fewer chunks have it
 * (inverse document frequency), so that "INV-991" outweighs "invoice"; what has less than half of what the best has is
 * left out. Among equals, words that stand near one another are better.
 */
export async function chunksByWords(db: DataSource, collection: Where, asked: Asked): Promise<string[]> {
  if (asked.terms.length === 0) return [];
  const { sql, values } = chunksByWordsStatement(collection, asked);
  const rows: { id: string }[] = await db.query(sql, [...values]);
  return rows.map((row) => row.id);
}

type Where = Pick<Collection, "id" | "chunkCount">;
interface Asked {
  readonly terms: readonly Term[];
  readonly most: number;
}

/** What chunksByWords asks, of one term or more; benches look at its plan. */
export function chunksByWordsStatement(
  { id, chunkCount }: Where,
  { terms, most }: Asked,
): { readonly sql: string; readonly values: readonly unknown[] } {
  const queries = terms.map(({ tsquery }) => tsquery);
  const values = [
    queries.map((query) => `${collectionLexeme(id)} & ${query}`),
    `${collectionLexeme(id)} & ${queries.join(" & ")}`,
    queries.join(" | "),
    Math.max(1, chunkCount),
    most,
  ];
  return { sql: BEST, values };
}

/**
 * What has all the terms is looked for by itself, as term 0, for of each term alone no more than MAX_OF_A_TERM are. The
 * planner must not see what is asked: of a common word it would read the table from its beginning, others' rows and all.
 */
const BEST = `
  with asked as materialized (
    select term, query::tsquery as query from unnest($1::text[]) with ordinality as a(query, term)
    union all
    select 0, $2::tsquery where cardinality($1::text[]) > 1
  ), found as materialized (
    select a.term, c.id from asked a cross join lateral (
      select id from headway.chunk where words @@ a.query limit ${MAX_OF_A_TERM}
    ) c
  ), held as (
    select term, id from found where term > 0
    union
    select a.term, f.id from found f join asked a on a.term > 0 where f.term = 0
  ), weighed as (
    select term, ln(1 + $4::float8 / count(*)) as weight from held group by term
  ), scored as (
    select h.id, sum(w.weight) as score from held h join weighed w using (term)
    group by h.id order by score desc limit ${MAX_READ}
  ), shown as (
    select s.id, s.score, c.words, max(s.score) over () as best from scored s join headway.chunk c using (id)
    join headway.document d on d.id = c.document_id and d.content_task_id = c.task_id and d.chunk_fence = c.fence
  )
  select id from shown where score >= best / 2
  order by score desc, ts_rank_cd('{0.2, 0.4, 0.6, 1}', words, $3::tsquery, 1) desc, id limit $5`;
