import type { Client } from "graphql-ws/client";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { HeadwayError, messageOf } from "../errors.js";

export interface ApiClientOptions {
  /** How often a socket that broke is opened again with the same variables; 10 by default, 0 where the caller resumes. */
  readonly reconnects?: number;
}

/** Answers are quick; a server that has not answered a request after this is not there. */
const ANSWER_DEADLINE_MS = 60_000;
/** A socket may die without a word (a cable, a proxy): it is asked this often, and dropped when no answer comes. */
const PING_EVERY_MS = 15_000;
const PONG_DEADLINE_MS = 10_000;

/**
 * A GraphQL client over HTTP and WebSocket, as any client of the API would be. Its key goes in `Authorization: Bearer …`,
 * and in `connectionParams.authorization` of a socket.
 */
export class ApiClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #reconnects: number;
  #socket: Promise<Client> | null = null;
  #isClosed = false;

  /**
   * @param url such as "http://127.0.0.1:4000"
   * @param key such as "hw_…"; null shows none
   */
  constructor(
    readonly url: string,
    key: string | null,
    options: ApiClientOptions = {},
  ) {
    this.#url = `${url}/graphql`;
    this.#headers = key === null ? {} : { authorization: `Bearer ${key}` };
    this.#reconnects = options.reconnects ?? 10;
  }

  /**
   * Asks again when it was refused for asking too often.
   * @throws {HeadwayError} with the first GraphQL error's code and message; UNREACHABLE, NOT_HEADWAY
   */
  async query<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    const body = await this.#send<{ data?: T; errors?: GraphFault[] }>(this.#url, {
      method: "POST",
      headers: { "content-type": "application/json", ...this.#headers },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
    });
    const first = body.errors?.[0];
    if (first?.extensions?.retryAfterMs !== undefined) {
      await sleep(first.extensions.retryAfterMs);
      return this.query(query, variables);
    }
    if (first) throw faultOf(first);
    if (body.data === undefined) throw notHeadway(this.url, "its answer has neither data nor errors");
    return body.data;
  }

  /** Runs a mutation and returns its payload. @throws {HeadwayError} with the first user error's code and message */
  async mutate<T extends { userErrors: { code: string; message: string }[] }>(
    mutation: string,
    variables: Record<string, unknown>,
  ): Promise<T> {
    const [payload] = Object.values(await this.query<Record<string, T>>(mutation, variables));
    const first = payload!.userErrors[0];
    if (first) throw new HeadwayError(first.code, first.message);
    return payload!;
  }

  /** Sends a file's bytes to the address that createUploads gave. @throws {HeadwayError} with the server's code, UNREACHABLE */
  async upload(url: string, file: string, sizeBytes: number): Promise<void> {
    await this.#send(new URL(url, this.url).href, {
      method: "PUT",
      headers: { ...this.#headers, "content-length": String(sizeBytes), "content-type": "application/octet-stream" },
      body: Readable.toWeb(createReadStream(file)) as ReadableStream,
      duplex: "half",
    } as RequestInit);
  }

  /** A link that signs a browser in, once. @throws {HeadwayError} with the server's code, UNREACHABLE */
  async signInLink(): Promise<string> {
    const { path, errors } = await this.#send<{ path: string; errors?: GraphFault[] }>(`${this.url}/playground/links`, {
      method: "POST",
      headers: this.#headers,
      signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
    });
    if (errors?.[0]) throw faultOf(errors[0]);
    return this.url + path;
  }

  /** The bytes of an artifact. @throws {HeadwayError} with the server's code, UNREACHABLE */
  async download(url: string): Promise<Uint8Array> {
    this.#assertOpen();
    let response: Response;
    try {
      response = await fetch(url, { headers: this.#headers });
      if (response.ok) return new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      throw unreachable(this.url, error);
    }
    throw new HeadwayError(codeOf(response.status), `${url} can't be had: the server says ${response.status}.`);
  }

  /** Ends when the server completes the subscription, when the loop over it is left, or by `return()` while waiting. */
  subscribe<T extends Record<string, unknown>>(
    query: string,
    variables: Record<string, unknown>,
  ): AsyncIterableIterator<T> {
    this.#assertOpen();
    // No generator: one that waits can't be ended from outside.
    this.#socket ??= openSocket(this.#url, this.#headers, this.#reconnects);
    const opened = this.#socket.then((socket) => socket.iterate<T>({ query, variables }));
    const iterator: AsyncIterableIterator<T> = {
      [Symbol.asyncIterator]: () => iterator,
      async next() {
        const result = await (await opened).next();
        if (result.done) return { done: true, value: undefined };
        const { data, errors } = result.value;
        if (errors?.[0]) throw faultOf(errors[0] as GraphFault);
        if (!data) throw new HeadwayError("GRAPHQL_ERROR", "The server sent an event without data.");
        return { done: false, value: data };
      },
      async return() {
        await (await opened).return?.();
        return { done: true, value: undefined };
      },
    };
    return iterator;
  }

  /** Ends all subscriptions; what is asked after it is refused, so that work that is under way ends soon. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await (await this.#socket)?.dispose();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new HeadwayError("CLOSED", "This client has been closed; make another.");
  }

  async #send<T>(url: string, init: RequestInit): Promise<T> {
    this.#assertOpen();
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, init);
      text = await response.text();
    } catch (error) {
      throw unreachable(this.url, error);
    }
    const body = parse(text) as (T & { error?: { code?: string; message?: string } }) | null;
    if (typeof body !== "object" || body === null) throw notHeadway(this.url, `it says ${response.status}`);
    if (typeof body.error?.message === "string") {
      throw new HeadwayError(body.error.code ?? codeOf(response.status), body.error.message);
    }
    if (!response.ok && !("errors" in body)) throw notHeadway(this.url, `it says ${response.status}`);
    return body;
  }
}

/** What sockets need is loaded for the first one: most commands ask a question or two, and end. */
async function openSocket(url: string, connectionParams: Record<string, unknown>, retryAttempts: number) {
  const [{ createClient }, { WebSocket }] = await Promise.all([import("graphql-ws/client"), import("ws")]);
  let pong: NodeJS.Timeout | undefined;
  const socket = createClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts,
    shouldRetry: () => true,
    keepAlive: PING_EVERY_MS,
    on: {
      ping: (received) => {
        if (!received) pong = setTimeout(() => socket.terminate(), PONG_DEADLINE_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(pong);
      },
      closed: () => clearTimeout(pong),
    },
  });
  return socket;
}

interface GraphFault {
  readonly message: string;
  readonly extensions?: { readonly code?: unknown; readonly retryAfterMs?: number };
}

function faultOf({ message, extensions }: GraphFault): HeadwayError {
  const code = typeof extensions?.code === "string" ? extensions.code : "GRAPHQL_ERROR";
  // Our own documents are right for the schema they were written for.
  const isOlder = code === "GRAPHQL_VALIDATION_FAILED";
  return new HeadwayError(code, isOlder ? `This server is of another version and can't do that: ${message}` : message);
}

function unreachable(url: string, error: unknown): HeadwayError {
  const { cause, name } = error as { cause?: { code?: string; message?: string }; name?: string };
  const why =
    name === "TimeoutError"
      ? `no answer within ${ANSWER_DEADLINE_MS / 1_000} s`
      : (cause?.code ?? cause?.message ?? messageOf(error));
  const message = `There is no Headway at ${url} (${why}). Start one with "npx headway-api start", or say where it is with --url or HEADWAY_URL.`;
  return new HeadwayError("UNREACHABLE", message, { url }, { cause: error });
}

function notHeadway(url: string, why: string): HeadwayError {
  const message = `What answers at ${url} is no Headway (${why}). Say where it is with --url or HEADWAY_URL.`;
  return new HeadwayError("NOT_HEADWAY", message, { url });
}

function codeOf(status: number): string {
  return { 401: "UNAUTHENTICATED", 403: "FORBIDDEN" }[status] ?? `HTTP_${status}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Not ours: said by the caller.
  }
}
