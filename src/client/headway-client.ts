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
  /** True when an earlier submit under the same idempotency key made it. */
  readonly deduplicated: boolean;
}

/** Submits again what broke off: it is under a key, and so makes one job. */
const MAX_SUBMITS = 6;

/** What a web app or a service does with Headway. `run`, `mutate` and `subscribe` take any operation of GraphQL. */
export class HeadwayClient extends Api {
  /** @throws {UserErrors} what was wrong with a file @throws {ClientError} @throws the signal's reason */
  upload(files: Iterable<UploadFile>, options: UploadOptions = {}): Promise<readonly UploadedFile[]> {
    return uploadFiles(this, [...files], options);
  }

  /**
   * Submits a collection to a pipeline, again where the answer was lost: once is done, whatever broke.
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

  /** Every change of a job once and in order, over as many connections as it takes, until the job is settled; see followJob. */
  follow(jobId: string, options: FollowOptions = {}): AsyncGenerator<FollowedEvent, void> {
    return followJob(this, jobId, options);
  }

  /** A file by its address: an artifact's `url`, or a signed one. @throws {ClientError} @throws the signal's reason */
  download(address: string, options: DownloadOptions = {}): Promise<DownloadedFile> {
    return downloadFile(this, address, options);
  }
}

/** A client of the server at this address. */
export function createClient(options: ApiOptions): HeadwayClient {
  return new HeadwayClient(options);
}

/** 128 random bits; `crypto.randomUUID` is not there for pages without TLS. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
