import { request as requestHttp, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import { guardedLookup, type Resolve } from "./guarded-lookup.js";
import type { Networks } from "./networks.js";
import { assertHttpUrl, portOf, refused, shown } from "./uri.js";
import { HeadwayError, messageOf, PermanentError } from "../errors.js";

/** What bounds a download. */
export interface HttpLimits {
  readonly networks: Networks;
  readonly maxBytes: number;
  /** Ends the download when it aborts: the task was cancelled, or its lease is lost. */
  readonly signal?: AbortSignal;
  /** Nothing has come for so long: the connection is dead. Default 30,000. */
  readonly idleMs?: number;
  /** All tries together. Default 270,000, which is below the 300,000 that a stage has by default. */
  readonly totalMs?: number;
  /** Before the first repetition; doubled with each further one. Default 300. */
  readonly retryMs?: number;
  /** Resolves a name to all its addresses. Default: as the system does. */
  readonly resolve?: Resolve;
}

const IDLE_MS = 30_000;
const TOTAL_MS = 270_000;
const RETRY_MS = 300;
const MAX_RETRIES = 3;
const MAX_REDIRECTS = 3;
/** How often one download goes on where it broke off. */
const MAX_RESUMES = 5;
/** A server that wants to be left alone for longer is asked again with the stage's next attempt. */
const MAX_RETRY_AFTER_MS = 20_000;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** The download broke off and could not go on from there: it may be begun again. */
export const INTERRUPTED = "SOURCE_INTERRUPTED";
/** The server is away, overloaded or silent, after several tries: a later attempt may find it well. */
export const UNAVAILABLE = "SOURCE_UNAVAILABLE";

/**
 * The body behind an `http:` or `https:` URL, once its server has begun to answer well. Follows at most three redirects,
 * and looks at every address before it connects to it. Tries again after 408, 425, 429, 5xx and broken connections, and
 * goes on where a body broke off when the server gives a strong ETag.
 * @throws {PermanentError} URI_REFUSED, NOT_READABLE (any other answer), TOO_LARGE (by its Content-Length)
 * @throws {HeadwayError} SOURCE_UNAVAILABLE; the stream fails with it too, or with SOURCE_INTERRUPTED
 */
export async function openHttp(uri: string, limits: HttpLimits): Promise<Readable> {
  const deadline = AbortSignal.timeout(limits.totalMs ?? TOTAL_MS);
  const signal = limits.signal ? AbortSignal.any([limits.signal, deadline]) : deadline;
  const download = new Download(new URL(uri), limits, signal);
  const first = await download.ask({});
  return Readable.from(download.body(first), { objectMode: false });
}

class Download {
  constructor(
    readonly url: URL,
    readonly limits: HttpLimits,
    readonly signal: AbortSignal,
  ) {}

  /** An answer with a body that can be taken; tries again where that may help. */
  ask(headers: OutgoingHttpHeaders): Promise<IncomingMessage> {
    const attempt = (): Promise<IncomingMessage> =>
      this.#follow(headers).catch((error: unknown) => {
        throw this.#meaning(error);
      });
    return pRetry(attempt, {
      retries: MAX_RETRIES,
      minTimeout: this.limits.retryMs ?? RETRY_MS,
      randomize: true,
      signal: this.signal,
      shouldRetry: ({ error }) => isUnavailable(error),
      onFailedAttempt: async ({ error, retriesLeft }) => {
        const waitMs = isUnavailable(error) ? Number(error.details.retryAfterMs ?? 0) : 0;
        if (waitMs > 0 && retriesLeft > 0) await sleep(waitMs, undefined, { signal: this.signal });
      },
    }).catch((error: unknown) => {
      // Where it was to stop while it waited.
      throw this.signal.aborted ? this.#meaning(error) : error;
    });
  }

  /** The bytes, over as many connections as it takes. */
  async *body(first: IncomingMessage): AsyncGenerator<Buffer> {
    const etag = strongEtag(first);
    let response = first;
    let receivedBytes = 0;
    for (let resumes = 0; ; resumes += 1) {
      try {
        for await (const piece of response as AsyncIterable<Buffer>) {
          receivedBytes += piece.length;
          yield piece;
        }
        return;
      } catch (error) {
        const meaning = this.#meaning(error);
        if (!isUnavailable(meaning)) throw meaning;
        if (etag === null || resumes >= MAX_RESUMES) throw this.#interrupted(receivedBytes, messageOf(error));
        response = await this.#resume(receivedBytes, etag);
      }
    }
  }

  async #resume(receivedBytes: number, etag: string): Promise<IncomingMessage> {
    const response = await this.ask({ range: `bytes=${receivedBytes}-`, "if-range": etag });
    const begins = response.headers["content-range"]?.startsWith(`bytes ${receivedBytes}-`);
    if (response.statusCode === 206 && begins && (response.headers.etag ?? etag) === etag) return response;
    response.destroy();
    throw this.#interrupted(receivedBytes, `the server did not continue from there (${response.statusCode})`);
  }

  async #follow(headers: OutgoingHttpHeaders): Promise<IncomingMessage> {
    let { url } = this;
    for (let redirects = 0; ; redirects += 1) {
      assertHttpUrl(url, this.limits.networks);
      const response = await this.#send(url, headers);
      const location = response.headers.location;
      if (!REDIRECTS.includes(response.statusCode!) || location === undefined) return this.#accept(response, headers);
      // Its body is not read, whatever it is.
      response.destroy();
      if (redirects >= MAX_REDIRECTS) throw refused(this.url.href, `it redirects more than ${MAX_REDIRECTS} times`);
      if (!URL.canParse(location, url.href))
        throw refused(this.url.href, `it redirects to "${shown(location)}", which is not a URL`);
      url = new URL(location, url);
    }
  }

  #send(url: URL, headers: OutgoingHttpHeaders): Promise<IncomingMessage> {
    const { idleMs = IDLE_MS } = this.limits;
    return new Promise((resolve, reject) => {
      const send = url.protocol === "https:" ? requestHttps : requestHttp;
      const req = send(url, {
        // A connection of its own, so that every request resolves, looks and connects anew.
        agent: false,
        headers: { accept: "*/*", "accept-encoding": "identity", "user-agent": "headway", ...headers },
        lookup: guarded(url, this.limits),
        signal: this.signal,
        timeout: idleMs,
      });
      let response: IncomingMessage | null = null;
      req.once("timeout", () => (response ?? req).destroy(new Error(`no data arrived for ${idleMs} ms`)));
      req.on("error", reject);
      req.once("response", (answer) => resolve((response = answer)));
      req.end();
    });
  }

  #accept(response: IncomingMessage, asked: OutgoingHttpHeaders): IncomingMessage {
    const fault = this.#faultOf(response, asked);
    if (fault === null) return response;
    response.destroy();
    throw fault;
  }

  #faultOf(
    { statusCode = 0, statusMessage, headers }: IncomingMessage,
    asked: OutgoingHttpHeaders,
  ): HeadwayError | null {
    const said = `${shown(this.url.href)} answered ${statusCode} ${statusMessage ?? ""}`.trim();
    if (statusCode >= 500 || [408, 425, 429].includes(statusCode)) {
      return new HeadwayError(UNAVAILABLE, `${said}.`, { retryAfterMs: retryAfterMs(headers["retry-after"]) });
    }
    const isWanted = [200, 203].includes(statusCode) || (asked.range !== undefined && [206, 416].includes(statusCode));
    if (!isWanted) {
      return new PermanentError("NOT_READABLE", `${said}; check the address, and that this server may access it.`);
    }
    const encoding = headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") {
      return new PermanentError(
        "NOT_READABLE",
        `${said} with Content-Encoding ${encoding}, although none was requested.`,
      );
    }
    const sizeBytes = Number(headers["content-length"] ?? 0);
    if (sizeBytes <= this.limits.maxBytes) return null;
    return new PermanentError(
      "TOO_LARGE",
      `${shown(this.url.href)} has ${sizeBytes} bytes; the limit is ${this.limits.maxBytes}. HEADWAY_MAX_DOCUMENT_BYTES sets the limit.`,
    );
  }

  #interrupted(receivedBytes: number, why: string): HeadwayError {
    return new HeadwayError(INTERRUPTED, `${shown(this.url.href)} ended early after ${receivedBytes} bytes: ${why}.`);
  }

  /** What was thrown, as those who wait for the download understand it. */
  #meaning(error: unknown): unknown {
    if (this.limits.signal?.aborted) return this.limits.signal.reason as unknown;
    if (this.signal.aborted) {
      const { totalMs = TOTAL_MS } = this.limits;
      return new HeadwayError("SOURCE_TOO_SLOW", `${shown(this.url.href)} took more than ${totalMs} ms.`);
    }
    if (error instanceof HeadwayError) return error;
    return new HeadwayError(
      UNAVAILABLE,
      `${shown(this.url.href)} could not be fetched: ${reasonOf(error)}.`,
      {},
      { cause: error },
    );
  }
}

function guarded(url: URL, { networks, resolve }: HttpLimits): LookupFunction {
  return guardedLookup((host, address) => {
    const why = networks.whyRefused(address, portOf(url));
    return why === null ? null : refused(url.href, `${host} resolves to ${address}, and ${why}`);
  }, resolve);
}

function isUnavailable(error: unknown): error is HeadwayError {
  return error instanceof HeadwayError && error.code === UNAVAILABLE;
}

/** Only a strong one says that the bytes are the same. */
function strongEtag({ headers }: IncomingMessage): string | null {
  const { etag } = headers;
  return etag?.startsWith('"') ? etag : null;
}

function retryAfterMs(header: string | undefined): number {
  const seconds = Number(header ?? 0);
  const ms = Number.isNaN(seconds) ? Date.parse(header!) - Date.now() : seconds * 1_000;
  return ms > 0 && ms <= MAX_RETRY_AFTER_MS ? ms : 0;
}

/** A connection that was tried at several addresses fails with all their errors, and with no message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return messageOf(error) || ((error as NodeJS.ErrnoException).code ?? "the connection failed");
}
