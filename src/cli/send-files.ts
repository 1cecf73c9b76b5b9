import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import pRetry, { AbortError } from "p-retry";
import { HeadwayError } from "../errors.js";
import type { ApiClient } from "./client.js";
import type { SubmitFile } from "./submit-files.js";

/** A request may have 1 MB, and base64 makes four bytes of three: what is larger than this is uploaded. */
const MAX_INLINE_BYTES = 600_000;
/** Of the documents' JSON; leaves room for the mutation around them. */
const MAX_BATCH_BYTES = 900_000;
const MAX_BATCH_DOCUMENTS = 500;
const UPLOAD_RETRIES = { retries: 3, minTimeout: 500, factor: 3, randomize: true };

interface DocumentInput {
  readonly name: string;
  readonly base64?: string;
  readonly uploadId?: string;
}

/**
 * Adds the files to the collection, in their order: small ones inline in as few requests as hold them, large ones as
 * uploads. Sending the same files again changes nothing. @throws {HeadwayError} with the server's code
 */
export async function sendFiles(client: ApiClient, collectionId: string, files: readonly SubmitFile[]): Promise<void> {
  let batch: DocumentInput[] = [];
  let batchBytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await addDocuments(client, collectionId, batch);
    [batch, batchBytes] = [[], 0];
  };
  for (const file of files) {
    const document: DocumentInput =
      file.sizeBytes > MAX_INLINE_BYTES
        ? { name: file.name, uploadId: await upload(client, file) }
        : { name: file.name, base64: (await readFile(file.file)).toString("base64") };
    const bytes = Buffer.byteLength(JSON.stringify(document)) + 1;
    if (batchBytes + bytes > MAX_BATCH_BYTES || batch.length === MAX_BATCH_DOCUMENTS) await flush();
    batch.push(document);
    batchBytes += bytes;
  }
  await flush();
}

async function addDocuments(client: ApiClient, collectionId: string, documents: DocumentInput[]): Promise<void> {
  await client.mutate(
    `mutation ($input: AddDocumentsInput!) {
       addDocuments(input: $input) { documents { id } userErrors { code message } } }`,
    { input: { collectionId, documents } },
  );
}

/** Announces the file, sends its bytes (again where that broke off), and returns the upload's id. */
async function upload(client: ApiClient, { name, file, sizeBytes }: SubmitFile): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  const { uploads } = await client.mutate<{ uploads: { id: string; url: string }[]; userErrors: [] }>(
    `mutation ($input: CreateUploadsInput!) {
       createUploads(input: $input) { uploads { id url } userErrors { code message } } }`,
    { input: { files: [{ name, sizeBytes, sha256: hash.digest("hex") }] } },
  );
  const { id, url } = uploads[0]!;
  await pRetry(async () => {
    try {
      await client.upload(url, file, sizeBytes);
    } catch (error) {
      // Only what broke off is sent again; what was refused is refused.
      if (error instanceof HeadwayError && error.code === "UNREACHABLE") throw error;
      throw error instanceof Error ? new AbortError(error) : error;
    }
  }, UPLOAD_RETRIES);
  return id;
}
