import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { messageOf } from "../../errors.js";
import { guardedLookup, type Resolve } from "../../sources/guarded-lookup.js";
import { portOf } from "../../sources/uri.js";
import { networksFor, webhookUrl } from "./hosts.js";

/** A receiver has so long for all of its answer. */
export const SEND_TIMEOUT_MS = 10_000;
/** So much of an answer is read, so that the connection ends well; nothing of it is kept. */
const MAX_ANSWER_BYTES = 16_384;

/** Result of one attempt. */
export interface Sent {
  readonly status: number | null;
  /** Why it counts as not delivered; null where it was. */
  readonly error: string | null;
  /** When the receiver wants to be asked again; null where it does not say. */
  readonly retryAfterMs: number | null;
}

export interface SendOptions {
  /** Beside public ones; see HEADWAY_WEBHOOK_HOSTS. */
  readonly hosts: readonly string[];
  /** Resolves a name to all its addresses; as the system does when absent. */
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
}

/**
 * Posts a body, once. Any answer of 200 to 299 is a delivery; redirects are not followed. Each call connects anew, and only to
 * addresses that it has looked at. Never throws.
 */
export async function post(
  target: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  options: SendOptions,
): Promise<Sent> {
  const timeoutMs = options.timeoutMs ?? SEND_TIMEOUT_MS;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const url = webhookUrl(target, options.hosts, ["url"]);
    const response = await ask(url, body, headers, options, signal);
    const status = response.statusCode ?? 0;
    await drain(response);
    return { status, error: faultOf(response), retryAfterMs: retryAfterMs(response.headers["retry-after"]) };
  } catch (error) {
    const why = signal.aborted ? `It did not answer within ${timeoutMs} ms.` : reasonOf(error);
    return { status: null, error: why.slice(0, 500), retryAfterMs: null };
  }
}

function ask(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  options: SendOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const request = send(url, {
      method: "POST",
      // A connection of its own, so that every request resolves, looks and connects anew.
      agent: false,
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        "user-agent": "headway",
        ...headers,
      },
      lookup: guarded(url, options),
      signal,
    });
    request.on("error", reject);
    request.once("response", resolve);
    request.end(body);
  });
}

/** Reads at most so much, and lets the connection go. */
async function drain(response: IncomingMessage): Promise<void> {
  let left = MAX_ANSWER_BYTES;
  for await (const piece of response as AsyncIterable<Buffer>) {
    left -= piece.length;
    if (left <= 0) break;
  }
  response.destroy();
}

function faultOf({ statusCode = 0 }: IncomingMessage): string | null {
  if (statusCode >= 200 && statusCode < 300) return null;
  if (statusCode >= 300 && statusCode < 400) return `It answered ${statusCode}, and redirects are not followed.`;
  return `It answered ${statusCode}.`;
}

function guarded(url: URL, { hosts, resolve }: SendOptions): LookupFunction {
  return guardedLookup((host, address) => {
    const why = networksFor(url, hosts).whyRefused(address, portOf(url));
    if (why === null) return null;
    return new Error(`${host} resolves to ${address}; add private hosts to HEADWAY_WEBHOOK_HOSTS`);
  }, resolve);
}

function retryAfterMs(header: string | undefined): number | null {
  if (header === undefined) return null;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1_000;
  return ms > 0 ? ms : null;
}

/** A connection that was tried at several addresses fails with all their errors, and with no message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return messageOf(error) || ((error as NodeJS.ErrnoException).code ?? "The connection failed.");
}
