import type pg from "pg";
import { createEmbedder } from "../src/pipelines/embedding/create-embedder.js";
import { chunksByWordsStatement } from "../src/engine/search/by-words.js";
import { lexemesOf } from "../src/engine/search/lexemes.js";
import { termsOf } from "../src/engine/search/terms.js";
import { PROJECT } from "../test/support/engine.js";
import { nodesOf } from "../test/support/plans.js";
import { atMost, median, percentile, type Bench, type Row } from "./bench.js";
import { withoutIndexes } from "./fill.js";
import { Headway } from "./headway.js";
import { startServers, withClient, type Servers } from "./servers.js";

/** What a search takes at most, and what stands beside it in the same index. */
const CHUNKS = 50_000;
const SMALL = 5_000;
const OTHERS = 20_000;
const A_DOCUMENT = 50;
const WORDS_A_CHUNK = 130;
const VOCABULARY = 50_000;
const BATCH = 500;
const WARM_UP = 5;
const TIMES = 60;
const MOST_MS = 250;

/** The n-th most frequent word is there 1 / n times as often (Zipf). */
const QUERIES = {
  "a mark that one chunk has": () => `INV-${1 + Math.floor(random() * SMALL)}`,
  "three words, rare ones": () => [20_000, 8_000, 3_000].map((n) => wordOf(n + Math.floor(random() * 1_000))).join(" "),
  "three words of every second chunk": () => [1, 2, 3].map((n) => wordOf(n + Math.floor(random() * 3))).join(" "),
  "a sentence of twelve": () => Array.from({ length: 12 }, frequentWord).join(" "),
};

let state = 1;
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}
const frequentWord = (): string => wordOf(Math.floor(VOCABULARY ** random()));
/** Letters alone: a number would be a word of its own. */
function wordOf(n: number): string {
  return [...(n + 7_000).toString(24)].map((digit) => "abcdefghijklmnopqrstuvwx"[Number.parseInt(digit, 24)]).join("");
}

export const search: Bench = {
  name: "search",
  about: `search by words and meaning in a collection of ${CHUNKS.toLocaleString("en")} chunks, beside ${OTHERS.toLocaleString("en")} of others`,
  onDemand: true,
  async run(say) {
    const servers = await startServers();
    const databaseUrl = await servers.database();
    const headway = new Headway(servers, databaseUrl);
    try {
      await headway.startApi({ HEADWAY_ROLES: "api", HEADWAY_EMBEDDER: "hash" });
      const startedAt = performance.now();
      const [large, small] = await withClient(servers.asSuperuser(databaseUrl), async (db) => {
        await db.query("set session_replication_role = replica; set synchronous_commit = off");
        const ids: string[] = [];
        await withoutIndexes(db, "headway.chunk", async () => {
          for (const chunks of [CHUNKS, SMALL, OTHERS]) ids.push(await filled(db, chunks));
        });
        await db.query("vacuum (analyze) headway.chunk");
        return ids as [string, string, string];
      });
      say(`filled in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s; ${await sizes(servers, databaseUrl)}`);
      const rows: Row[] = [];
      for (const [name, query] of Object.entries(QUERIES)) {
        const [ms, beside] = [await times(headway, large, query), await times(headway, small, query)];
        const note = `median ${median(ms).toFixed(0)} ms, of ${SMALL.toLocaleString("en")} chunks ${median(beside).toFixed(0)} ms`;
        rows.push(atMost("search", `${name}, p95`, percentile(ms, 95), MOST_MS, "ms", note));
      }
      const scanned = await plan(servers, databaseUrl, large, say);
      return [...rows, atMost("search", "tables read whole", scanned.length, 0, "tables", scanned.join(", "))];
    } finally {
      await headway.stop();
      await servers.stop();
    }
  },
};

/** A collection as the pipeline leaves it, past its triggers; its id. */
async function filled(db: pg.Client, chunks: number): Promise<string> {
  const embedder = createEmbedder("hash");
  const { rows } = await db.query<{ id: string }>(
    `insert into headway.collection (id, project_id, name, status, chunk_count, embedded_chunk_count, change_id, changed_by_type, changed_by, change_reason)
       values (gen_random_uuid(), '${PROJECT}', 'filled ' || gen_random_uuid(), 'COMPLETED', $1, $1, gen_random_uuid(), 'USER', 'filler', 'SUBMITTED')
       returning id`,
    [chunks],
  );
  const collectionId = rows[0]!.id;
  await db.query(
    `insert into headway.document (id, project_id, collection_id, name, content_task_id, chunk_fence)
       select md5($1 || n)::uuid, '${PROJECT}', $1::uuid, 'd' || n, md5($1 || n)::uuid, 1 from generate_series(0, $2::int) n`,
    [collectionId, Math.ceil(chunks / A_DOCUMENT) - 1],
  );
  for (let first = 0; first < chunks; first += BATCH) {
    const texts = Array.from({ length: BATCH }, (_, n) =>
      [`INV-${first + n}`, ...Array.from({ length: WORDS_A_CHUNK }, frequentWord)].join(" "),
    );
    const vectors = await embedder.embed(texts);
    await db.query(
      `insert into headway.chunk (id, document_id, project_id, collection_id, task_id, fence, ordinal, text, start_offset, end_offset, embedding, words)
         select gen_random_uuid(), d.id, '${PROJECT}', $1::uuid, d.id, 1, ($2::int + n) % ${A_DOCUMENT}, c.text, 0, length(c.text), c.vector, c.words::tsvector
         from unnest($3::text[], $4::bytea[], $5::text[]) with ordinality as c(text, vector, words, n),
           lateral (select md5($1 || ($2::int + n - 1) / ${A_DOCUMENT})::uuid as id) d`,
      [
        collectionId,
        first,
        texts,
        vectors.map((vector) => Buffer.from(vector.buffer)),
        texts.map((text) => lexemesOf(collectionId, { text })),
      ],
    );
  }
  return collectionId;
}

async function sizes(servers: Servers, databaseUrl: string): Promise<string> {
  return withClient(servers.asSuperuser(databaseUrl), async (db) => {
    const { rows } = await db.query<{ chunks: number; table: number; words: number; index: number }>(
      `select count(*)::int as chunks, pg_total_relation_size('headway.chunk')::float8 as table,
         sum(pg_column_size(words))::float8 as words, pg_relation_size('headway.chunk_words')::float8 as index from headway.chunk`,
    );
    const { chunks, table, words, index } = rows[0]!;
    return `bytes a chunk: ${[table, words, index].map((size) => Math.round(size / chunks)).join(" in all, of these words ")} the index on them`;
  });
}

async function times(headway: Headway, collectionId: string, query: () => string): Promise<number[]> {
  const all: number[] = [];
  for (let n = -WARM_UP; n < TIMES; n += 1) {
    const startedAt = performance.now();
    await headway.client.query(
      "query ($id: ID!, $query: String!) { search(collectionId: $id, query: $query) { score highlights { start end } chunk { text } } }",
      { id: collectionId, query: query() },
    );
    if (n >= 0) all.push(performance.now() - startedAt);
  }
  return all;
}

/** Says how the words of every second chunk are looked up; the large tables that are read from end to end for it. */
async function plan(servers: Servers, databaseUrl: string, id: string, say: (line: string) => void): Promise<string[]> {
  const terms = termsOf(`${wordOf(1)} ${wordOf(2)}`);
  const { sql, values } = chunksByWordsStatement({ id, chunkCount: CHUNKS }, { terms, most: 200 });
  return withClient(servers.asSuperuser(databaseUrl), async (db) => {
    const { rows } = await db.query<{ "QUERY PLAN": string }>(`explain (analyze, buffers, costs off) ${sql}`, [
      ...values,
    ]);
    for (const row of rows) say(row["QUERY PLAN"]);
    const tree = await db.query(`explain (format json) ${sql}`, [...values]);
    const nodes = nodesOf(tree.rows[0]["QUERY PLAN"][0].Plan);
    return nodes.filter((node) => node["Node Type"] === "Seq Scan").map((node) => node["Relation Name"]!);
  });
}
