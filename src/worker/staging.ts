import type { DataSource } from "typeorm";
import { v7 as uuidv7 } from "uuid";
import { eachPage } from "../database/each-page.js";
import { lexemesOf } from "../engine/search/lexemes.js";
import { toStorableText } from "../engine/storable.js";
import type { Claim } from "../engine/flush/claim.js";
import type { TaskWarning } from "../engine/flush/task-command.js";
import { PermanentError } from "../errors.js";
import { CHUNK_KINDS } from "../model/chunk-kinds.js";
import type { ChunkDraft, KeptContent } from "../pipelines/pipeline.js";
import type { StagedCounts } from "../pipelines/stage-settings.js";
import type { StageDatabase } from "./stage-database.js";

const BATCH = 500;
/** More would not fit a text column's value through one message; nobody reads such a text. */
const MAX_TEXT_LENGTH = 100_000_000;

type ChunkRow = Omit<ChunkDraft, "embedding" | "ordinal"> & {
  readonly ordinal: number;
  readonly embedding: Buffer | null;
};

/**
 * What a task has staged for its document: rows under (task, fence), which count when the completing flush moves the
 * document's pointer to them. A later claim of the same task goes on from what an earlier one staged.
 */
export class Staging {
  readonly #db: StageDatabase;
  readonly #claim: Claim;
  readonly #documentId: string;
  #textFence: string | null;
  #chunkFence: string | null;

  constructor(db: StageDatabase, claim: Claim, documentId: string) {
    this.#db = db;
    this.#claim = claim;
    this.#documentId = documentId;
    this.#textFence = claim.textFence;
    this.#chunkFence = claim.chunkFence;
  }

  /** Where the staged rows are, for the flush; empty where nothing is staged. */
  get fences(): { textFence?: string; chunkFence?: string } {
    return {
      ...(this.#textFence === null ? {} : { textFence: this.#textFence }),
      ...(this.#chunkFence === null ? {} : { chunkFence: this.#chunkFence }),
    };
  }

  async setText(text: string): Promise<void> {
    if (text.length > MAX_TEXT_LENGTH) {
      throw new PermanentError(
        "OUTPUT_UNSTORABLE",
        `The text has ${text.length} characters; the limit is ${MAX_TEXT_LENGTH}.`,
      );
    }
    const { taskId, fence, projectId } = this.#claim;
    await this.#db.query(
      `insert into headway.document_text (document_id, project_id, task_id, fence, text, one_unit_each)
       select $1, $2, $3, $4, $5, $6 where ${MINE}
       on conflict (document_id, task_id, fence) do update set text = excluded.text, one_unit_each = excluded.one_unit_each`,
      [this.#documentId, projectId, taskId, fence, toStorableText(text), !/[\uD800-\uDFFF]/.test(text)],
    );
    this.#textFence = fence;
  }

  async stagedText(): Promise<string | null> {
    if (this.#textFence === null) return null;
    const rows: { text: string }[] = await this.#db.query(
      "select text from headway.document_text where document_id = $1 and task_id = $2 and fence = $3",
      [this.#documentId, this.#claim.taskId, this.#textFence],
    );
    return rows[0]?.text ?? null;
  }

  /** What readers see of the document, staged again, and what its text is warned of. */
  async stageKept(): Promise<(KeptContent & { readonly warnings: readonly TaskWarning[] }) | null> {
    const { taskId, fence } = this.#claim;
    const place = [this.#documentId, this.#claim.projectId, taskId, fence];
    const kept: { characters: number; warnings: TaskWarning[] }[] = await this.#db.query(
      `insert into headway.document_text (document_id, project_id, task_id, fence, text, one_unit_each)
       select $1, $2, $3, $4, x.text, x.one_unit_each
       from headway.document d join headway.task t on t.id = d.content_task_id
       join headway.document_text x on x.document_id = d.id and x.task_id = t.id and x.fence = d.text_fence
       where d.id = $1 and t.content_sha256 is not distinct from d.sha256 and ${MINE}
       on conflict (document_id, task_id, fence) do update set text = excluded.text, one_unit_each = excluded.one_unit_each
       returning length(text)::int as characters, (select warnings from headway.document where id = $1)`,
      place,
    );
    if (kept.length === 0) return null;
    this.#textFence = fence;
    await this.#db.query(
      `insert into headway.chunk as c (id, document_id, project_id, collection_id, task_id, fence, ordinal, text, page, page_end,
         headings, context, part, kind, start_offset, end_offset, embedding, words)
       select gen_random_uuid(), $1, $2, k.collection_id, $3, $4, k.ordinal, k.text, k.page, k.page_end,
         k.headings, k.context, k.part, k.kind, k.start_offset, k.end_offset, k.embedding, k.words
       from headway.document d join headway.chunk k on k.document_id = d.id and k.task_id = d.content_task_id and k.fence = d.chunk_fence
       where d.id = $1 and ${MINE}
       on conflict (document_id, task_id, fence, ordinal) do nothing`,
      place,
    );
    this.#chunkFence = fence;
    return { ...kept[0]!, ...(await this.counts()) };
  }

  async replaceChunks(chunks: Iterable<ChunkDraft> | AsyncIterable<ChunkDraft>): Promise<void> {
    const { taskId, fence } = this.#claim;
    // What is replaced may be what is being read, so the old rows go batch by batch, with the new ones' ordinals.
    let batch: ChunkDraft[] = [];
    let count = 0;
    for await (const chunk of chunks) {
      assertChunk(chunk, count);
      batch.push(chunk);
      count += 1;
      if (batch.length >= BATCH) await this.#insert(batch.splice(0));
    }
    if (batch.length > 0) await this.#insert(batch);
    batch = [];
    await this.#db.query(
      "delete from headway.chunk where document_id = $1 and task_id = $2 and fence = $3 and ordinal >= $4",
      [this.#documentId, taskId, fence, count],
    );
    this.#chunkFence = fence;
  }

  /** What is staged now; zeros where nothing is. */
  async counts(): Promise<StagedCounts> {
    if (this.#chunkFence === null) return { chunks: 0, embedded: 0 };
    const rows: StagedCounts[] = await this.#db.query(
      `select count(*)::int as chunks, count(embedding)::int as embedded from headway.chunk
       where document_id = $1 and task_id = $2 and fence = $3`,
      [this.#documentId, this.#claim.taskId, this.#chunkFence],
    );
    return rows[0]!;
  }

  async *stagedChunks(): AsyncIterable<ChunkDraft> {
    const fence = this.#chunkFence;
    if (fence === null) return;
    const pages = eachPage({ after: -1, size: BATCH, keyOf: ({ ordinal }: ChunkRow) => ordinal }, (after, limit) =>
      this.#db.query(
        `select ordinal, text, page, page_end as "pageEnd", headings, context, part, kind, start_offset as "startOffset",
           end_offset as "endOffset", embedding
         from headway.chunk where document_id = $1 and task_id = $2 and fence = $3 and ordinal > $4 order by ordinal limit $5`,
        [this.#documentId, this.#claim.taskId, fence, after, limit],
      ),
    );
    for await (const rows of pages) {
      for (const row of rows) yield { ...row, embedding: row.embedding && toVector(row.embedding) };
    }
  }

  async #insert(chunks: readonly ChunkDraft[]): Promise<void> {
    const { taskId, fence, projectId, collection } = this.#claim;
    await this.#db.query(
      `insert into headway.chunk as c (id, document_id, project_id, collection_id, task_id, fence, ordinal, text, page,
         page_end, headings, context, part, kind, start_offset, end_offset, embedding, words)
       select n.id, $1, $2, $5, $3, $4, n.ordinal, n.text, n.page, n.page_end,
         array(select jsonb_array_elements_text(n.headings)), n.context, n.part, n.kind, n.start_offset, n.end_offset,
         n.embedding, n.words::tsvector
       from unnest($6::uuid[], $7::int[], $8::text[], $9::int[], $10::int[], $11::int[], $12::bytea[], $13::int[],
         $14::jsonb[], $15::text[], $16::text[], $17::text[], $18::text[])
         as n(id, ordinal, text, page, start_offset, end_offset, embedding, page_end, headings, context, part, kind, words)
       where ${MINE}
       on conflict (document_id, task_id, fence, ordinal) do update set text = excluded.text, page = excluded.page,
         page_end = excluded.page_end, headings = excluded.headings, context = excluded.context, part = excluded.part,
         kind = excluded.kind, start_offset = excluded.start_offset, end_offset = excluded.end_offset, embedding = excluded.embedding, words = excluded.words`,
      [
        this.#documentId,
        projectId,
        taskId,
        fence,
        collection.id,
        chunks.map(() => uuidv7()),
        chunks.map(({ ordinal }) => ordinal),
        chunks.map(({ text }) => toStorableText(text)),
        chunks.map(({ page }) => page ?? null),
        chunks.map(({ startOffset }) => startOffset),
        chunks.map(({ endOffset }) => endOffset),
        chunks.map(({ embedding }) => (embedding ? toBytes(embedding) : null)),
        chunks.map(({ pageEnd, page }) => pageEnd ?? page ?? null),
        chunks.map(({ headings = [] }) => JSON.stringify(headings.map(toStorableText))),
        chunks.map(({ context }) => (context ? toStorableText(context) : null)),
        chunks.map(({ part }) => (part ? toStorableText(part) : null)),
        chunks.map(({ kind = "TEXT" }) => kind),
        chunks.map((chunk) => lexemesOf(collection.id, chunk)),
      ],
    );
  }
}

/** The fence on every write: $3 is the task, $4 the fence. */
const MINE = "exists (select from headway.task where id = $3 and fence = $4 and status = 'RUNNING')";

/** @throws {PermanentError} OUTPUT_UNSTORABLE, with what is wrong of which chunk */
export function assertChunk(chunk: ChunkDraft, index: number): void {
  const wrong = (what: string): PermanentError =>
    new PermanentError("OUTPUT_UNSTORABLE", `The chunk at ${index} can't be stored: ${what}.`);
  const { ordinal, text, page, pageEnd, startOffset, endOffset, headings = [], kind = "TEXT" } = chunk;
  if (ordinal !== index) throw wrong(`its ordinal is ${ordinal}; ordinals must count from 0 without a gap`);
  if (typeof text !== "string") throw wrong(`its text is ${text === null ? "null" : `a ${typeof text}`}`);
  if (![startOffset, endOffset].every(isPlace) || startOffset > endOffset)
    throw wrong(`it goes from ${startOffset} to ${endOffset}, which is not a range of whole numbers from 0`);
  for (const place of [page, pageEnd]) {
    if (place !== null && place !== undefined && !isPlace(place))
      throw wrong(`its page is ${place}, and must be a whole number from 1 or null`);
  }
  if (!Array.isArray(headings) || headings.some((one) => typeof one !== "string"))
    throw wrong("its headings are not a list of strings");
  if (!CHUNK_KINDS.includes(kind)) throw wrong(`its kind is "${String(kind)}", and must be ${CHUNK_KINDS.join(", ")}`);
}

function isPlace(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
}

/** Vectors are kept as float32, little-endian. */
function toBytes(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}
function toVector(bytes: Buffer): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}

/** Removes what other claims staged for documents that have just been completed. Bounded by those documents' rows. */
export async function removeStale(db: DataSource, documentId: string): Promise<void> {
  for (const [table, fence] of [
    ["headway.chunk", "chunk_fence"],
    ["headway.document_text", "text_fence"],
  ] as const) {
    await db.query(
      `delete from ${table} x using headway.document d where d.id = $1 and x.document_id = d.id
         and (x.task_id, x.fence) is distinct from (d.content_task_id, d.${fence})
         and not exists (select from headway.task t where t.document_id = d.id and t.status in ('QUEUED', 'RUNNING'))`,
      [documentId],
    );
  }
}
