import { randomUUID } from "node:crypto";
import type { DataSource, EntityManager } from "typeorm";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { spend } from "../../access/browser-keys.js";
import type { Principal } from "../../access/principal.js";
import { inTransaction, isConnectionLoss, isExhausted } from "../../database/transaction.js";
import { UserFault } from "../../errors.js";
import { checkCollection } from "../browser-key.js";
import type { Actor, EngineDeps } from "../engine.js";
import { orSetAside, setAsideUpload } from "../expiry/set-aside.js";
import { Faults, idOf, Name, parse, text } from "../input.js";

/** From createUploads on, for attempt the bytes and for making documents of them. */
export const UPLOAD_LIFE_MS = 24 * 3_600_000;
const MAX_FILES = 1_000;
/** Between an upload's end and that of what was left of a attempt: longer than any statement takes to complete one. */
const DELETION_MARGIN_MS = 3_600_000;

const NewUpload = z.object({
  name: Name,
  mediaType: text(255).nullish(),
  sizeBytes: z.number().int().min(0, "must be 0 or more"),
  sha256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, "must be 64 hexadecimal digits")
    .transform((hex) => hex.toLowerCase())
    .nullish(),
});
export type NewUpload = z.input<typeof NewUpload>;

/** Files that are to be sent. */
export interface NewUploads {
  readonly files: readonly NewUpload[];
  /** The one collection whose documents they may become; any when absent. */
  readonly collectionId?: string | null;
}

/**
 * Announces files whose bytes will be sent one by one; all or nothing. They belong to the actor's key. Returns them in the
 * order given.
 * @throws {UserFault} INVALID_INPUT, TOO_LARGE, NOT_FOUND, COLLECTION_EXPIRED, LIMIT_EXCEEDED (more than 1,000 files, or
 *   more than the key may send)
 */
export async function createUploads(
  deps: Pick<EngineDeps, "db" | "maxDocumentBytes">,
  actor: Actor,
  input: NewUploads,
): Promise<{ id: string; expiresAt: Date }[]> {
  const { files } = input;
  const faults = new Faults();
  const collectionId = faults.note(() => collectionOf(actor, input, faults)) ?? null;
  if (files.length === 0) faults.add(new UserFault("INVALID_INPUT", "files is empty; give at least one.", ["files"]));
  if (files.length > MAX_FILES) {
    const message = `files has ${files.length} entries; the limit is ${MAX_FILES}.`;
    faults.add(new UserFault("LIMIT_EXCEEDED", message, ["files"]));
  }
  const rows = files.slice(0, MAX_FILES).map((file, index) => faults.note(() => toRow(deps, file, index))!);
  faults.assertNone();
  return inTransaction(deps.db, async (tx) => {
    if (collectionId !== null) await assertTaking(tx, actor, collectionId);
    if (actor.scope) {
      const bytes = rows.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      await spend(tx, actor.keyId!, { uploads: rows.length, bytes }, ["files"]);
    }
    const made: { id: string; expiresAt: Date }[] = await tx.query(
      `insert into headway.upload (id, project_id, key_id, collection_id, name, media_type, size_bytes, sha256, expires_at,
         sweep_at)
       select n.id, $2, $4, $5, n.name, n."mediaType", n."sizeBytes", n.sha256, until.at, until.at
       from jsonb_to_recordset($1::jsonb) as n(id uuid, name text, "mediaType" text, "sizeBytes" bigint, sha256 text),
         (select clock_timestamp() + make_interval(secs => $3::float8 / 1000) as at) until
       returning id, expires_at as "expiresAt"`,
      [JSON.stringify(rows), actor.projectId, UPLOAD_LIFE_MS, actor.keyId ?? null, collectionId],
    );
    const byId = new Map(made.map((upload) => [upload.id, upload]));
    return rows.map(({ id }) => byId.get(id)!);
  });
}

/** The collection that uploads are for; a key for a browser has but its own. */
function collectionOf(actor: Actor, { collectionId }: NewUploads, faults: Faults): string | null {
  if (collectionId === null || collectionId === undefined) return actor.scope?.collectionId ?? null;
  const id = idOf(collectionId, ["collectionId"]);
  checkCollection(actor, id, faults);
  return id;
}

/** @throws {UserFault} NOT_FOUND, COLLECTION_EXPIRED */
async function assertTaking(tx: EntityManager, { projectId }: Actor, collectionId: string): Promise<void> {
  const rows: { isExpiring: boolean }[] = await tx.query(
    `select c.status = 'EXPIRED' or headway.is_expiry_due(c) as "isExpiring" from headway.collection c
     where id = $1 and project_id = $2`,
    [collectionId, projectId],
  );
  const at = ["collectionId"];
  if (!rows[0]) throw new UserFault("NOT_FOUND", `There is no collection ${collectionId}.`, at);
  if (!rows[0].isExpiring) return;
  throw new UserFault("COLLECTION_EXPIRED", `Collection ${collectionId} has expired; create a new one.`, at);
}

interface UploadRow {
  readonly id: string;
  readonly sizeBytes: number;
}

function toRow(deps: Pick<EngineDeps, "maxDocumentBytes">, file: NewUpload, index: number): UploadRow {
  const at = ["files", String(index)];
  const { name, mediaType, sizeBytes, sha256 } = parse(NewUpload, file, at);
  if (sizeBytes > deps.maxDocumentBytes) {
    throw new UserFault(
      "TOO_LARGE",
      `files.${index} ("${name}") has ${sizeBytes} bytes; the limit is ${deps.maxDocumentBytes}.`,
      [...at, "sizeBytes"],
    );
  }
  const row = { name, mediaType: mediaType ?? null, sizeBytes, sha256: sha256 ?? null };
  return { id: uuidv7(), ...row };
}

/** An upload as the one who receives its bytes sees it. */
export interface OpenUpload {
  readonly id: string;
  readonly projectId: string;
  readonly sizeBytes: number;
  /** So much has come of it, and is kept; all of them once it is complete. */
  readonly receivedBytes: number;
  /** As announced; once completed, of the bytes. */
  readonly sha256: string | null;
  readonly isCompleted: boolean;
}

/** Null where the project has none of this id, or it is not of the key where that is for a browser, or it has expired before its bytes came. */
export async function findUpload(
  db: DataSource,
  { projectId, keyId, scope }: Pick<Principal, "projectId" | "keyId" | "scope">,
  id: string,
): Promise<OpenUpload | null> {
  const rows: OpenUpload[] = await db.query(
    `select id, project_id as "projectId", size_bytes::float8 as "sizeBytes", sha256,
       completed_at is not null as "isCompleted",
       (case when completed_at is null then received_bytes else size_bytes end)::float8 as "receivedBytes"
     from headway.upload where id = $1 and project_id = $2 and ($3::uuid is null or key_id = $3)
       and (completed_at is not null or expires_at > clock_timestamp())`,
    [id, projectId, scope === null ? null : keyId],
  );
  return rows[0] ?? null;
}

/** One try at attempt an upload's bytes: it writes to a place of its own, so that two at once can't mix. */
export interface UploadAttempt {
  readonly upload: OpenUpload;
  readonly prefix: string;
  readonly blobKey: string;
}

/**
 * Opens a place for the bytes. It is booked for deletion from the start: when this process does not live to complete or
 * abandon the attempt, the sweep removes what it left, once the upload must have expired.
 */
export async function startAttempt(db: DataSource, upload: OpenUpload): Promise<UploadAttempt> {
  const prefix = `uploads/${upload.id}/${randomUUID()}`;
  await db.query(
    `insert into headway.blob_deletion (prefix, project_id, delete_after)
     values ($1, $2, clock_timestamp() + make_interval(secs => $3::float8 / 1000))`,
    [prefix, upload.projectId, UPLOAD_LIFE_MS + DELETION_MARGIN_MS],
  );
  return { upload, prefix, blobKey: `${prefix}/bytes` };
}

/**
 * The bytes are there: the upload is complete, and its place is no longer booked for deletion, both or neither; the places
 * of its pieces, where it came in such, are due. False
 * when another attempt was faster, or the upload has expired meanwhile; what this one wrote is then to be abandoned.
 */
export async function completeAttempt(db: DataSource, attempt: UploadAttempt, sha256: string): Promise<boolean> {
  const rows: { done: boolean }[] = await db.query(
    `with open as (
       select id from headway.upload where id = $1 and completed_at is null and expires_at > clock_timestamp() for update
     ), kept as (
       -- One that is due may be gone already, though its row is still there.
       delete from headway.blob_deletion where prefix = $4 and delete_after > clock_timestamp() and exists (select from open)
       returning prefix
     ), done as (
       update headway.upload set completed_at = clock_timestamp(), blob_key = $2, sha256 = $3
       where id = $1 and exists (select from kept) returning id
     ), pieces as (
       delete from headway.upload_part where upload_id in (select id from done) returning prefix
     ), due as (
       update headway.blob_deletion set delete_after = clock_timestamp() where prefix in (select prefix from pieces)
     )
     select exists (select from done) as done`,
    [attempt.upload.id, attempt.blobKey, sha256, attempt.prefix],
  );
  return rows[0]!.done;
}

/** The next sweep removes what this attempt wrote. */
export async function discardAttempt(db: DataSource, { prefix }: UploadAttempt): Promise<void> {
  await db.query("update headway.blob_deletion set delete_after = clock_timestamp() where prefix = $1", [prefix]);
}

/** An upload that is complete, as a document is made of it. */
export interface CompleteUpload {
  readonly blobKey: string;
  readonly mediaType: string | null;
  readonly sizeBytes: number;
  readonly sha256: string;
}

interface HeldRow extends CompleteUpload {
  readonly id: string;
  readonly name: string;
  readonly collectionId: string | null;
  readonly isCompleted: boolean;
  readonly isPast: boolean;
}

/**
 * The uploads of these ids, kept from the sweep until `tx` ends; of a key for browsers its own alone. One may serve several documents, and the same one again:
 * an addDocuments whose answer was lost can be repeated.
 * @throws {UserFault} NOT_FOUND, INVALID_INPUT (of another collection), UPLOAD_INCOMPLETE; `pathOf` says where in the input the id stands
 */
export async function holdUploads(
  tx: EntityManager,
  actor: Actor,
  ids: readonly string[],
  { collectionId, pathOf }: { readonly collectionId: string; readonly pathOf: (id: string) => readonly string[] },
): Promise<ReadonlyMap<string, CompleteUpload>> {
  const rows: HeldRow[] = await tx.query(
    `select id, name, collection_id as "collectionId", blob_key as "blobKey", media_type as "mediaType", size_bytes::float8 as "sizeBytes", sha256,
       completed_at is not null as "isCompleted", expires_at <= clock_timestamp() as "isPast"
     from headway.upload where id = any ($1) and project_id = $2 and ($3::uuid is null or key_id = $3)
     order by id for key share`,
    [ids, actor.projectId, actor.scope ? actor.keyId : null],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const faults = new Faults();
  for (const id of ids) {
    const upload = byId.get(id);
    if (!upload || upload.isPast) {
      const why = upload
        ? "has expired; create an upload and send the file again"
        : "is unknown; use one from createUploads";
      faults.add(new UserFault("NOT_FOUND", `Upload ${id} ${why}.`, pathOf(id)));
    } else if (upload.collectionId !== null && upload.collectionId !== collectionId) {
      const message = `Upload ${id} is for documents of collection ${upload.collectionId}; create an upload for this collection.`;
      faults.add(new UserFault("INVALID_INPUT", message, pathOf(id)));
    } else if (!upload.isCompleted) {
      const message = `The ${upload.sizeBytes} bytes of upload ${id} ("${upload.name}") have not arrived yet; send them with PUT to its url, then add the document.`;
      faults.add(new UserFault("UPLOAD_INCOMPLETE", message, pathOf(id)));
    }
  }
  faults.assertNone();
  return byId;
}

/**
 * One bounded step of removing uploads whose time has come; one that can't be removed is set aside. Returns how many it
 * looked at; 0 when none is left.
 */
export async function expireUploadsStep(deps: Pick<EngineDeps, "db" | "onError">, limit: number): Promise<number> {
  const { db } = deps;
  try {
    const rows: { looked: number }[] = await db.query("select headway.expire_uploads($1) as looked", [limit]);
    return rows[0]!.looked;
  } catch (error) {
    if (isConnectionLoss(error) || isExhausted(error)) throw error;
  }
  // One of them is in the way of all: each alone shows which.
  const due: { id: string }[] = await db.query(
    "select id from headway.upload where sweep_at <= clock_timestamp() order by sweep_at limit $1",
    [limit],
  );
  for (const { id } of due) {
    await orSetAside(
      deps,
      `removing upload ${id}`,
      () => db.query("select headway.remove_uploads(array[$1::uuid])", [id]),
      () => setAsideUpload(db, id),
    );
  }
  return due.length;
}
