import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { UploadFile } from "../client/upload.js";
import { HeadwayError } from "../errors.js";
import type { ApiClient } from "./client.js";
import type { SubmitFile } from "./submit-files.js";

/** A request may have 1 MB, and base64 makes four bytes of three: what is larger than this is uploaded. */
const MAX_INLINE_BYTES = 600_000;
/** Of the documents' JSON; leaves room for the mutation around them. */
const MAX_BATCH_BYTES = 900_000;
const MAX_BATCH_DOCUMENTS = 500;

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
  const large = files.filter(({ sizeBytes }) => sizeBytes > MAX_INLINE_BYTES);
  const byName = new Map(large.map((one) => [one.name, one.file]));
  const uploads = await client.upload(large.map(uploadOf), {
    collectionId,
    sha256: ({ name }) => sha256Of(byName.get(name)!),
  });
  const uploadIds = new Map(uploads.map(({ name, uploadId }) => [name, uploadId]));
  let batch: DocumentInput[] = [];
  let batchBytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await addDocuments(client, collectionId, batch);
    [batch, batchBytes] = [[], 0];
  };
  for (const file of files) {
    const uploadId = uploadIds.get(file.name);
    const document: DocumentInput =
      uploadId !== undefined
        ? { name: file.name, uploadId }
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

/** The file as an upload is made of it: read a piece at a time. */
function uploadOf({ name, file, sizeBytes }: SubmitFile): UploadFile {
  return {
    name,
    size: sizeBytes,
    async slice(start, end) {
      const handle = await open(file, "r");
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
        if (bytesRead === end - start) return buffer;
        const message = `${file} has changed while it was sent; it ends after ${start + bytesRead} bytes, and had ${sizeBytes}.`;
        throw new HeadwayError("FILE_CHANGED", message);
      } finally {
        await handle.close();
      }
    },
  };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
