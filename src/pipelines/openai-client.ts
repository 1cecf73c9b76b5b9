import pRetry from "p-retry";
import { HeadwayError, PermanentError, RetryLater, messageOf } from "../errors.js";

/** A server that speaks OpenAI's protocol, and which of its models is meant. */
export interface OpenAiServer {
  /** Up to and with the version, such as "https://api.openai.com/v1"; no slash at its end. */
  readonly url: string;
  /** Null where the server wants none. */
  readonly key: string | null;
  readonly model: string;
}

export interface OpenAiRequest {
  /** Below the server's URL, such as "/embeddings". */
  readonly path: string;
  /** Made anew for each try: a body that has been sent can't be sent again. */
  readonly body: () => { readonly content: string | FormData; readonly contentType?: string };
  /** Of one try. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A server that is overloaded or restarts is back within these tries, which take half a minute in all. */
const RETRIES = 5;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** A server that asks for more patience than this is asked by a later try, which the task waits for without a slot. */
const LONGEST_RETRY_AFTER_MS = 2_000;

/** The server may answer otherwise when asked again. */
class Passing extends HeadwayError {
  constructor(
    message: string,
    readonly retryAfterMs: number,
  ) {
    super("OPENAI_UNAVAILABLE", message);
  }
}

/**
 * The JSON answer to one request. 408, 409, 429, 5xx, time-outs and lost connections are tried again, not before the
 * time that Retry-After names.
 * @throws {RetryLater} where that is in more than two seconds
 * @throws {PermanentError} OPENAI_REFUSED with the status in its details: asking again would not help
 * @throws {HeadwayError} OPENAI_UNAVAILABLE when the last try failed, too
 * @throws signal.reason, at once, when that aborts
 */
export async function askOpenAi(server: OpenAiServer, request: OpenAiRequest): Promise<unknown> {
  const { signal } = request;
  return pRetry(() => askOnce(server, request), {
    retries: RETRIES,
    minTimeout: FIRST_WAIT_MS,
    maxTimeout: LONGEST_WAIT_MS,
    randomize: true,
    ...(signal ? { signal } : {}),
    shouldRetry: ({ error }) => error instanceof Passing,
    onFailedAttempt: ({ error, retriesLeft }) =>
      error instanceof Passing && retriesLeft > 0 ? sleep(error.retryAfterMs, signal) : undefined,
  });
}

async function askOnce({ url, key }: OpenAiServer, request: OpenAiRequest): Promise<unknown> {
  const { path, timeoutMs, signal } = request;
  const { content, contentType } = request.body();
  const deadline = AbortSignal.timeout(timeoutMs);
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: {
        accept: "application/json",
        ...(contentType ? { "content-type": contentType } : {}),
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      },
      body: content,
      // A redirect could carry the key elsewhere: it is an answer like any other, and a refusal.
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
    text = await response.text();
  } catch (error) {
    signal?.throwIfAborted();
    const why = deadline.aborted ? `no answer within ${timeoutMs} ms` : causeOf(error);
    throw new Passing(`${url}${path} can't be reached: ${why}.`, 0);
  }
  const { status } = response;
  if (!response.ok) {
    const said = `${url}${path} answered ${status}: ${complaintOf(text)}`;
    if (status === 408 || status === 409 || status === 429 || status >= 500) {
      const waitMs = retryAfterMs(response.headers.get("retry-after"));
      if (waitMs > LONGEST_RETRY_AFTER_MS) throw new RetryLater(waitMs, said);
      throw new Passing(said, waitMs);
    }
    throw new PermanentError("OPENAI_REFUSED", said, { status });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Passing(`${url}${path} answered something that is not JSON: ${text.slice(0, 100)}`, 0);
  }
}

/** Seconds or a date (RFC 9110, 10.2.3); 0 where it says neither. */
function retryAfterMs(value: string | null): number {
  if (value === null) return 0;
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

function complaintOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } | string };
    const message = typeof error === "object" ? error.message : error;
    if (typeof message === "string") return message.slice(0, 500);
  } catch {
    // Proxies between answer in their own ways.
  }
  return text.slice(0, 200);
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : messageOf(cause);
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    };
    const timer = setTimeout(done, ms);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
