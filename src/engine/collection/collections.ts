import { createHash, randomUUID } from "node:crypto";
import type { EntityManager } from "typeorm";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { inTransaction, sqlStateOf } from "../../database/transaction.js";
import { UserFault } from "../../errors.js";
import type { Actor, EngineDeps } from "../engine.js";
import { Name, parse, text } from "../input.js";
import { lockCollection } from "../submit/lock.js";
import { assertUri } from "../../sources/uri.js";
import { unstorableIn, MAX_METADATA_BYTES } from "../storable.js";
import { holdUploads } from "../uploads/uploads.js";

/** A JSON object that Postgres keeps as it is. */
export const Metadata = z
  .record(z.string(), z.unknown(), "must be a JSON object")
  .refine(
    (value) => unstorableIn(JSON.stringify(value)) === null,
    "must not contain U+0000 or half of a surrogate pair",
  );

export const Description = text(10_000).nullish();

const NewCollection = z.object({
  name: Name,
  description: Description,
  metadata: Metadata.nullish(),
  expiresInDays: z.number().int().min(1, "must be at least 1").max(36_500, "must be at most 36,500").nullish(),
});
export type NewCollection = z.input<typeof NewCollection>;

/** Creates a collection and returns its id. @throws {UserFault} INVALID_INPUT, NAME_TAKEN */
export async function createCollection(deps: EngineDeps, actor: Actor, input: NewCollection): Promise<string> {
  const { name, description, metadata, expiresInDays } = parse(NewCollection, input);
  const id = uuidv7();
  try {
    await deps.db.query(
      `insert into headway.collection (id, project_id, name, description, metadata, expires_at, status, change_id,
         changed_by_type, changed_by, change_reason)
       values ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(days => $6), 'CREATED', $7, $8, $9, 'CREATED')`,
      [
        id,
        actor.projectId,
        name,
        description ?? null,
        JSON.stringify(metadata ?? {}),
        expiresInDays ?? deps.retentionDays,
        randomUUID(),
        actor.type,
        actor.name,
      ],
    );
  } catch (error) {
    throw nameTaken(error, name);
  }
  return id;
}

/** What to throw for an error of a statement that gives a collection this name. */
export function nameTaken(error: unknown, name: string | undefined): unknown {
  if (sqlStateOf(error) !== "23505") return error;
  return new UserFault("NAME_TAKEN", `A collection named "${name}" exists already; choose another name.`, ["name"]);
}

export interface NewDocument {
  readonly name: string;
  readonly mediaType?: string | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly text?: string | null;
  readonly base64?: string | null;
  readonly uri?: string | null;
  readonly uploadId?: string | null;
}

interface Row {
  id: string;
  name: string;
  mediaType: string | null;
  metadata: Readonly<Record<string, unknown>>;
  sourceUri: string | null;
  uploadId: string | null;
  blobKey: string | null;
  bytes: Buffer | null;
  sizeBytes: number | null;
  sha256: string | null;
}

/**
 * Adds documents, or gives those of the same name their new content; all or nothing. Returns their ids in the order given.
 * @throws {UserFault} NOT_FOUND, INVALID_INPUT, TOO_LARGE, URI_REFUSED, UPLOAD_INCOMPLETE, ACTIVE_JOB_EXISTS,
 *   COLLECTION_EXPIRED
 */
export async function addDocuments(
  deps: EngineDeps,
  actor: Actor,
  input: { readonly collectionId: string; readonly documents: readonly NewDocument[] },
): Promise<string[]> {
  if (input.documents.length === 0) {
    throw new UserFault("INVALID_INPUT", "documents is empty; give at least one.", ["documents"]);
  }
  const rows: Row[] = [];
  for (const [index, document] of input.documents.entries()) rows.push(await toRow(deps, document, index));
  const names = new Set<string>();
  for (const [index, { name }] of rows.entries()) {
    if (names.has(name)) {
      throw new UserFault("INVALID_INPUT", `Two documents are named "${name}"; names are unique in a collection.`, [
        "documents",
        String(index),
        "name",
      ]);
    }
    names.add(name);
  }
  return inTransaction(deps.db, async (tx) => {
    await lockCollection(tx, actor, input.collectionId);
    await fillFromUploads(tx, actor, rows);
    const added: { id: string; name: string; metadataBytes: number }[] = await tx.query(UPSERT, [
      JSON.stringify(rows.map((row) => ({ ...row, bytes: undefined }))),
      actor.projectId,
      input.collectionId,
    ]);
    for (const { name, metadataBytes } of added) {
      if (metadataBytes <= MAX_METADATA_BYTES) continue;
      const index = String(rows.findIndex((row) => row.name === name));
      throw new UserFault(
        "TOO_LARGE",
        `The metadata of "${name}" would have ${metadataBytes} bytes, with what is there already; at most ${MAX_METADATA_BYTES} are kept.`,
        ["documents", index, "metadata"],
      );
    }
    const idByName = new Map(added.map(({ id, name }) => [name, id]));
    const inline = rows.filter((row) => row.bytes !== null);
    await tx.query(
      `insert into headway.document_bytes (document_id, project_id, bytes)
       select i, $1, b from unnest($2::uuid[], $3::bytea[]) as n(i, b)
       on conflict (document_id) do update set bytes = excluded.bytes where document_bytes.bytes <> excluded.bytes`,
      [actor.projectId, inline.map((row) => idByName.get(row.name)!), inline.map((row) => row.bytes)],
    );
    await tx.query("delete from headway.document_bytes where document_id = any ($1)", [
      rows.filter((row) => row.bytes === null).map((row) => idByName.get(row.name)!),
    ]);
    await tx.query(
      "update headway.collection set document_count = (select count(*) from headway.document where collection_id = $1) where id = $1",
      [input.collectionId],
    );
    return rows.map((row) => idByName.get(row.name)!);
  });
}

const UPSERT = `
  insert into headway.document as d (id, project_id, collection_id, name, media_type, metadata, source_uri, size_bytes, sha256,
    upload_id, blob_key)
  select n.id, $2, $3, n.name, n."mediaType", n.metadata, n."sourceUri", n."sizeBytes", n.sha256, n."uploadId", n."blobKey"
  from jsonb_to_recordset($1::jsonb)
    as n(id uuid, name text, "mediaType" text, metadata jsonb, "sourceUri" text, "sizeBytes" bigint, sha256 text,
      "uploadId" uuid, "blobKey" text)
  order by n.id
  on conflict (collection_id, name) do update set
    metadata = d.metadata || excluded.metadata,
    media_type = case when SAME then coalesce(excluded.media_type, d.media_type) else excluded.media_type end,
    size_bytes = case when SAME then d.size_bytes else excluded.size_bytes end,
    sha256 = case when SAME then d.sha256 else excluded.sha256 end,
    blob_key = case when excluded.source_uri is null then excluded.blob_key when SAME then d.blob_key end,
    upload_id = excluded.upload_id,
    source_uri = excluded.source_uri,
    content_version = case when SAME then d.content_version else d.content_version + 1 end
  returning id, name, octet_length(metadata::text) as "metadataBytes"`
  // Inline content is compared by hash; of a source only its address is known before the download.
  .replaceAll(
    "SAME",
    "(d.source_uri is not distinct from excluded.source_uri and (d.source_uri is not null or d.sha256 = excluded.sha256))",
  );

async function toRow(deps: EngineDeps, document: NewDocument, index: number): Promise<Row> {
  const at = (field: string): string[] => ["documents", String(index), field];
  const name = parse(Name, document.name, at("name"));
  if (/(^|[/\\])\.\.([/\\]|$)/.test(name)) {
    throw new UserFault(
      "INVALID_INPUT",
      `documents.${index}.name is "${name}"; it must not climb with "..".`,
      at("name"),
    );
  }
  const given = (["text", "base64", "uri", "uploadId"] as const).filter((key) => typeof document[key] === "string");
  if (given.length !== 1) {
    const found = given.length === 0 ? "none" : given.join(" and ");
    throw new UserFault(
      "INVALID_INPUT",
      `documents.${index} ("${name}") needs exactly one of text, base64, uri and uploadId; it has ${found}.`,
      at("text"),
    );
  }
  const metadata = parse(Metadata, document.metadata ?? {}, at("metadata"));
  const { uploadId = null } = document;
  const mediaType = parse(text(255).nullish(), document.mediaType, at("mediaType")) ?? null;
  const unknown = { sourceUri: null, bytes: null, sizeBytes: null, sha256: null, blobKey: null };
  const base = { id: uuidv7(), name, mediaType, metadata, ...unknown, uploadId };
  if (uploadId !== null) return base;
  if (typeof document.uri === "string") {
    await assertUri(document.uri, deps, at("uri"));
    return { ...base, sourceUri: document.uri };
  }
  const bytes =
    typeof document.text === "string" ? Buffer.from(document.text) : fromBase64(document.base64!, at("base64"));
  if (bytes.length > deps.maxDocumentBytes) {
    throw new UserFault(
      "TOO_LARGE",
      `documents.${index} ("${name}") has ${bytes.length} bytes; at most ${deps.maxDocumentBytes} are taken.`,
      at(given[0]!),
    );
  }
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { ...base, bytes, sizeBytes: bytes.length, sha256 };
}

/** Puts in what only the upload knows, and keeps it from the sweep until `tx` ends. */
async function fillFromUploads(tx: EntityManager, actor: Actor, rows: readonly Row[]): Promise<void> {
  const ids = [...new Set(rows.flatMap(({ uploadId }) => uploadId ?? []))];
  if (ids.length === 0) return;
  const pathOf = (id: string): string[] => [
    "documents",
    String(rows.findIndex(({ uploadId }) => uploadId === id)),
    "uploadId",
  ];
  const uploads = await holdUploads(tx, actor, ids, pathOf);
  for (const row of rows) {
    const upload = row.uploadId === null ? undefined : uploads.get(row.uploadId);
    if (!upload) continue;
    const { blobKey, sizeBytes, sha256, mediaType } = upload;
    Object.assign(row, { blobKey, sizeBytes, sha256, mediaType: row.mediaType ?? mediaType });
  }
}

function fromBase64(text: string, path: string[]): Buffer {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) {
    throw new UserFault(
      "INVALID_INPUT",
      `${path.join(".")} is not base64; use the standard alphabet (A–Z a–z 0–9 + /).`,
      path,
    );
  }
  return Buffer.from(text, "base64");
}
