import { Api, type ApiOptions } from "./api.js";
import { downloadFile, type DownloadedFile, type DownloadOptions } from "./download.js";
import { isPassing } from "./errors.js";
import { followJob, type FollowedEvent, type FollowOptions } from "./follow.js";
import { SubmitJob, type SubmitJobInput } from "./operations.js";
import { uploadFiles, type UploadedFile, type UploadFile, type UploadOptions } from "./upload.js";
import { pauseMs, pause } from "./waiting.js";

/** A job that has been submitted. */
export interface SubmittedJob {
  readonly jobId: string;
  /** Whether an earlier request with the same idempotency key created the job. */
  readonly deduplicated: boolean;
}

/** Submits again what broke off: it is under a key, and so makes one job. */
const MAX_SUBMITS = 6;

/** Client for web apps and services. `run`, `mutate` and `subscribe` accept any GraphQL operation. */
export class HeadwayClient extends Api {
  /** Uploads files, in parallel. @throws {UserErrors} if a file is rejected @throws {ClientError} @throws the signal's reason */
  upload(files: Iterable<UploadFile>, options: UploadOptions = {}): Promise<readonly UploadedFile[]> {
    return uploadFiles(this, [...files], options);
  }

  /**
   * Submits a collection to a pipeline. Repeats the request if the answer is lost; this creates one job.
   * @throws {UserErrors} such as ACTIVE_JOB_EXISTS @throws {ClientError}
   */
  async submit(input: SubmitJobInput, options: { readonly signal?: AbortSignal } = {}): Promise<SubmittedJob> {
    const variables = { input: { ...input, idempotencyKey: input.idempotencyKey ?? randomKey() } };
    for (let tries = 1; ; tries += 1) {
      try {
        const { job, deduplicated } = await this.mutate(SubmitJob, variables, options);
        return { jobId: job!.id, deduplicated };
      } catch (error) {
        if (tries === MAX_SUBMITS || !isPassing(error)) throw error;
        await pause(pauseMs(tries), options.signal);
      }
    }
  }

  /** Yields every change of a job once and in order, across reconnects, until the job has settled; see followJob. */
  follow(jobId: string, options: FollowOptions = {}): AsyncGenerator<FollowedEvent, void> {
    return followJob(this, jobId, options);
  }

  /** Downloads a file by an artifact's `url` or a signed URL. @throws {ClientError} @throws the signal's reason */
  download(address: string, options: DownloadOptions = {}): Promise<DownloadedFile> {
    return downloadFile(this, address, options);
  }
}

/** Creates a client of the server at this URL. */
export function createClient(options: ApiOptions): HeadwayClient {
  return new HeadwayClient(options);
}

/** 128 random bits; `crypto.randomUUID` is not there for pages without TLS. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
