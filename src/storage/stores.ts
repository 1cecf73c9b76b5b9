import path from "node:path";
import type { Config } from "../config.js";
import type { BlobStore } from "./blob-store.js";
import { createFilesystemBlobStore } from "./filesystem.js";
import type { S3Objects } from "./s3-objects.js";

/** Where a process keeps its bytes, and others' objects that it may read. */
export interface Stores {
  readonly blobs: BlobStore;
  /** Null where no `s3:` source is open. */
  readonly s3: S3Objects | null;
  close(): Promise<void>;
}

/** The stores that the settings name. S3's SDK is loaded only where it is wanted: it takes a while, and memory. */
export async function openStores({ dataDir, blobsUrl, s3Sources, s3: settings }: Config): Promise<Stores> {
  const s3 = s3Sources.length === 0 ? null : (await import("./s3-objects.js")).createS3Objects(settings);
  const inS3 = blobsUrl === null ? null : (await import("./s3.js")).createS3BlobStore(blobsUrl, settings);
  return {
    blobs: inS3 ?? createFilesystemBlobStore(path.join(dataDir, "blobs")),
    s3,
    close: async () => {
      s3?.close();
      inS3?.close();
    },
  };
}
