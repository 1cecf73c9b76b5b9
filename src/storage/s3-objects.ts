import { GetObjectCommand, S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import type { Readable } from "node:stream";
import type { S3Settings } from "../config.js";
import { PermanentError } from "../errors.js";

/** Objects that belong to others, to be read. */
export interface S3Objects {
  /**
   * The bytes of an object.
   * @throws {PermanentError} NOT_READABLE where it is missing or forbidden, TOO_LARGE over maxBytes
   */
  open(bucket: string, key: string, maxBytes: number): Promise<Readable>;
  close(): void;
}

/** A client for S3 or what speaks like it. It tries again by itself what may well succeed, four times in all. */
export function createS3Client({ endpoint, region, credentials }: S3Settings): S3Client {
  return new S3Client({
    region,
    // Other stores than Amazon's know their buckets by path, and not all of them know its newer checksums.
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    ...(credentials === null ? {} : { credentials }),
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: 4,
    // A connection on which nothing moves for so long is dead.
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 30_000 },
  });
}

/** Reads objects wherever the credentials allow; which of them a document may name is not decided here. */
export function createS3Objects(settings: S3Settings): S3Objects {
  const client = createS3Client(settings);
  return {
    async open(bucket, key, maxBytes) {
      try {
        const { Body, ContentLength = 0 } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        const body = Body as Readable;
        if (ContentLength <= maxBytes) return body;
        body.destroy();
        throw new PermanentError(
          "TOO_LARGE",
          `s3://${bucket}/${key} has ${ContentLength} bytes; the limit is ${maxBytes}. HEADWAY_MAX_DOCUMENT_BYTES sets the limit.`,
        );
      } catch (error) {
        const status = error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0;
        if (status < 400 || status >= 500) throw error;
        throw new PermanentError(
          "NOT_READABLE",
          `s3://${bucket}/${key} can't be read (${(error as Error).name}); check that it exists and that this server may read it.`,
        );
      }
    },
    close: () => client.destroy(),
  };
}
