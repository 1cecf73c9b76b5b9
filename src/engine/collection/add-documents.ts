import { createHash } from "node:crypto";
import type { EntityManager } from "typeorm";
import { v7 as uuidv7 } from "uuid";
import { spend } from "../../access/browser-keys.js";
import { inTransaction } from "../../database/transaction.js";
import { UserFault } from "../../errors.js";
import { checkCollection } from "../browser-key.js";
import type { Actor, EngineDeps } from "../engine.js";
import { Faults, idOf, Name, parse, text } from "../input.js";
import { lockCollection } from "../submit/lock.js";
import { assertUri } from "../../sources/uri.js";
import { MAX_METADATA_BYTES } from "../storable.js";
import { holdUploads } from "../uploads/uploads.js";
import { addedUnderFreeNames, assertOwn, refuseUris } from "./browser-documents.js";
import { Metadata } from "./collections.js";

export interface NewDocument {
  readonly name: string;
  readonly mediaType?: string | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly text?: string | null;
  readonly base64?: string | null;
  readonly uri?: string | null;
  readonly uploadId?: string | null;
}

/** Documents, and where they go. */
export interface AddedDocuments {
  readonly collectionId: string;
  readonly documents: readonly NewDocument[];
}

/** What a document is made of. */
interface Content {
  sourceUri: string | null;
  uploadId: string | null;
  blobKey: string | null;
  bytes: Buffer | null;
  sizeBytes: number | null;
  sha256: string | null;
}

interface Row extends Content {
  id: string;
  name: string;
  mediaType: string | null;
  metadata: Readonly<Record<string, unknown>>;
}

/**
 * Adds documents, or gives those of the same name their new content; all or nothing. Returns their ids in the order given.
 * What is wrong with the input is told all at once.
 * @throws {UserFault} NOT_FOUND, INVALID_INPUT, TOO_LARGE, URI_REFUSED, UPLOAD_INCOMPLETE, ACTIVE_JOB_EXISTS,
 *   COLLECTION_EXPIRED; of a key for a browser LIMIT_EXCEEDED, and NAME_TAKEN where it may READ, as well
 */
export async function addDocuments(deps: EngineDeps, actor: Actor, input: AddedDocuments): Promise<string[]> {
  const faults = new Faults();
  const collectionId = faults.note(() => idOf(input.collectionId, ["collectionId"]))!;
  if (input.documents.length === 0) {
    faults.add(new UserFault("INVALID_INPUT", "documents is empty; give at least one.", ["documents"]));
  }
  if (collectionId !== undefined) checkCollection(actor, collectionId, faults);
  refuseUris(actor, input.documents, faults);
  const given: Row[] = [];
  const names = new Set<string>();
  for (const [index, document] of input.documents.entries()) {
    const row = await toRow(deps, document, index, faults);
    if (row === null) continue;
    if (names.has(row.name)) {
      const message = `Two documents are named "${row.name}"; names are unique in a collection.`;
      faults.add(new UserFault("INVALID_INPUT", message, ["documents", String(index), "name"]));
    }
    names.add(row.name);
    given.push(row);
  }
  faults.assertNone();
  return inTransaction(deps.db, async (tx) => {
    await lockCollection(tx, actor, collectionId);
    await fillFromUploads(tx, actor, given, collectionId);
    if (actor.scope)
      await spend(tx, actor.keyId!, { documents: given.length, bytes: inlineBytesOf(given) }, ["documents"]);
    const { rows, added } = await addedUnderFreeNames(tx, actor, {
      collectionId,
      rows: given,
      add: (some): Promise<{ id: string; name: string; metadataBytes: number }[]> =>
        tx.query(UPSERT, [
          JSON.stringify(some.map((row) => ({ ...row, bytes: undefined }))),
          actor.projectId,
          collectionId,
          actor.scope ? actor.keyId : null,
        ]),
    });
    assertOwn(rows, added);
    assertMetadataFits(given, rows, added);
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
      [collectionId],
    );
    return rows.map((row) => idByName.get(row.name)!);
  });
}

const UPSERT = `
  insert into headway.document as d (id, project_id, collection_id, name, media_type, metadata, source_uri, size_bytes, sha256,
    upload_id, blob_key, added_by_key)
  select n.id, $2, $3, n.name, n."mediaType", n.metadata, n."sourceUri", n."sizeBytes", n.sha256, n."uploadId", n."blobKey",
    $4::uuid
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
    added_by_key = excluded.added_by_key,
    content_version = case when SAME then d.content_version else d.content_version + 1 end
  where excluded.added_by_key is null or d.added_by_key = excluded.added_by_key
  returning id, name, octet_length(metadata::text) as "metadataBytes"`
  // Inline content is compared by hash; of a source only its address is known before the download.
  .replaceAll(
    "SAME",
    "(d.source_uri is not distinct from excluded.source_uri and (d.source_uri is not null or d.sha256 = excluded.sha256))",
  );

/** @throws {UserFaults} one for each that is too large with what was there already */
function assertMetadataFits(
  given: readonly Row[],
  rows: readonly Row[],
  added: readonly { readonly name: string; readonly metadataBytes: number }[],
): void {
  const faults = new Faults();
  for (const { name, metadataBytes } of added) {
    if (metadataBytes <= MAX_METADATA_BYTES) continue;
    const index = rows.findIndex((row) => row.name === name);
    const message = `The metadata of "${given[index]!.name}" would have ${metadataBytes} bytes, including the existing metadata; the limit is ${MAX_METADATA_BYTES}.`;
    faults.add(new UserFault("TOO_LARGE", message, ["documents", String(index), "metadata"]));
  }
  faults.assertNone();
}

/** Null where something is wrong with it, which `faults` then tells. */
async function toRow(deps: EngineDeps, document: NewDocument, index: number, faults: Faults): Promise<Row | null> {
  const path = ["documents", String(index)];
  const name = faults.note(() => nameOf(document, path));
  const metadata = faults.note(() => parse(Metadata, document.metadata ?? {}, [...path, "metadata"]));
  const mediaType = faults.note(() => parse(text(255).nullish(), document.mediaType, [...path, "mediaType"]));
  const content = await faults.noteLater(() => contentOf(deps, document, path));
  if (name === undefined || metadata === undefined || content === undefined) return null;
  return { id: uuidv7(), name, mediaType: mediaType ?? null, metadata, ...content };
}

function nameOf(document: NewDocument, path: readonly string[]): string {
  const at = [...path, "name"];
  const name = parse(Name, document.name, at);
  if (!/(^|[/\\])\.\.([/\\]|$)/.test(name)) return name;
  throw new UserFault("INVALID_INPUT", `${at.join(".")} is "${name}"; it must not contain "..".`, at);
}

const NO_CONTENT: Content = {
  sourceUri: null,
  uploadId: null,
  blobKey: null,
  bytes: null,
  sizeBytes: null,
  sha256: null,
};

async function contentOf(deps: EngineDeps, document: NewDocument, path: readonly string[]): Promise<Content> {
  const [key, another] = (["text", "base64", "uri", "uploadId"] as const).filter(
    (one) => typeof document[one] === "string",
  );
  const place = `${path.join(".")} ("${document.name}")`;
  if (key === undefined || another !== undefined) {
    const found = key === undefined ? "none" : `${key} and ${another}`;
    const message = `${place} needs exactly one of text, base64, uri and uploadId; it has ${found}.`;
    throw new UserFault("INVALID_INPUT", message, [...path, "text"]);
  }
  const given = document[key]!;
  const at = [...path, key];
  if (key === "uploadId") return { ...NO_CONTENT, uploadId: idOf(given, at) };
  if (key === "uri") {
    await assertUri(given, deps, at);
    return { ...NO_CONTENT, sourceUri: given };
  }
  const bytes = key === "text" ? Buffer.from(given) : fromBase64(given, at);
  if (bytes.length > deps.maxDocumentBytes) {
    const message = `${place} has ${bytes.length} bytes; the limit is ${deps.maxDocumentBytes}.`;
    throw new UserFault("TOO_LARGE", message, at);
  }
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { ...NO_CONTENT, bytes, sizeBytes: bytes.length, sha256 };
}

/** Puts in what only the upload knows, and keeps it from the sweep until `tx` ends. */
async function fillFromUploads(
  tx: EntityManager,
  actor: Actor,
  rows: readonly Row[],
  collectionId: string,
): Promise<void> {
  const ids = [...new Set(rows.flatMap(({ uploadId }) => uploadId ?? []))];
  if (ids.length === 0) return;
  const pathOf = (id: string): string[] => [
    "documents",
    String(rows.findIndex(({ uploadId }) => uploadId === id)),
    "uploadId",
  ];
  const uploads = await holdUploads(tx, actor, ids, { collectionId, pathOf });
  for (const row of rows) {
    const upload = row.uploadId === null ? undefined : uploads.get(row.uploadId);
    if (!upload) continue;
    const { blobKey, sizeBytes, sha256, mediaType } = upload;
    Object.assign(row, { blobKey, sizeBytes, sha256, mediaType: row.mediaType ?? mediaType });
  }
}

function inlineBytesOf(rows: readonly Row[]): number {
  return rows.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
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
