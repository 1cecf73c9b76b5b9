import type { Client } from "graphql-ws/client";
import { ClientError, faultOf, refusedInWords, UserErrors, type GraphFault, type UserErrorInfo } from "./errors.js";
import type { Operation } from "./operation.js";
import { openSocket } from "./socket.js";
import { pause } from "./waiting.js";

/** Options of a client. */
export interface ApiOptions {
  /** URL of the server, such as "https://headway.example.com", with or without "/graphql" at the end. */
  readonly url: string;
  /** API key, such as "hw_…". Without one, requests are not authenticated. */
  readonly key?: string | null;
  /** Replacement for the platform's fetch. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Returns the WebSocket class, called at the first subscription. Default: the platform's; in Node, the package ws. */
  readonly webSocket?: () => unknown;
  /** How often `subscribe` reconnects with the same variables after a connection broke. Default: 0. */
  readonly reconnects?: number;
}

/** Answers are quick; a server that has not answered a request after this is not there. */
const ANSWER_DEADLINE_MS = 60_000;
/** So often it is asked again what was refused for the moment. */
const MAX_REFUSALS = 60;

interface Answer<T> {
  readonly data?: T | null;
  readonly errors?: readonly GraphFault[];
}

/** The GraphQL API over HTTP and WebSocket. The key goes as `Authorization: Bearer …`, and so in a socket's connectionParams. */
export class Api {
  /** Without "/graphql", and without a slash at its end. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly #options: ApiOptions;
  #socket: Promise<Client> | null = null;
  #isClosed = false;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.url = options.url.replace(/(\/graphql)?\/*$/, "");
    this.headers = options.key ? { authorization: `Bearer ${options.key}` } : {};
  }

  /**
   * Runs an operation and repeats requests that were rejected for a moment. A mutation is repeated only if it was rejected as
   * a whole, because a missing field of its answer does not show what was done. @throws {ClientError}
   */
  async run<Data, Variables>(
    operation: Operation<Data, Variables>,
    variables: Variables,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Data> {
    for (let refusals = 0; ; refusals += 1) {
      const { data, errors } = await this.json<Answer<Data>>(`${this.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", ...this.headers },
        body: JSON.stringify({ query: String(operation), variables }),
        ...(signal ? { signal } : {}),
      });
      const [first] = errors ?? [];
      const isDone = (first?.path?.length ?? 0) > 1 && /^\s*mutation\b/.test(String(operation));
      const retryAfterMs = isDone ? undefined : first?.extensions?.retryAfterMs;
      if (first && (retryAfterMs === undefined || refusals === MAX_REFUSALS)) throw faultOf(first);
      if (!first && data) return data;
      if (!first) throw this.#notHeadway("its response has neither data nor errors");
      await pause(retryAfterMs!, signal);
    }
  }

  /** Runs a mutation; its payload. @throws {UserErrors} with all that was wrong @throws {ClientError} */
  async mutate<Payload extends { readonly userErrors: readonly UserErrorInfo[] }, Variables>(
    operation: Operation<Readonly<Record<string, Payload>>, Variables>,
    variables: Variables,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Payload> {
    const [payload] = Object.values(await this.run(operation, variables, options));
    if (payload!.userErrors.length > 0) throw new UserErrors(payload!.userErrors);
    return payload!;
  }

  /**
   * The events of a subscription. Ends when the server completes it, when the loop over it is left, or by `return()` while
   * waiting. What its socket breaks with is thrown as it is.
   * @throws {ClientError} what the server refuses @throws the signal's reason
   */
  subscribe<Data, Variables>(
    operation: Operation<Data, Variables>,
    variables: Variables,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncIterableIterator<Data> {
    this.#assertOpen();
    signal?.throwIfAborted();
    // No generator: one that waits can't be ended from outside.
    this.#socket ??= openSocket({
      url: `${this.url}/graphql`,
      connectionParams: this.headers,
      webSocket: this.#options.webSocket ?? (() => globalThis.WebSocket),
      reconnects: this.#options.reconnects ?? 0,
    });
    const query = String(operation);
    const opened = this.#socket.then((socket) =>
      socket.iterate<Data & Record<string, unknown>>({ query, variables: variables as Record<string, unknown> }),
    );
    // A socket that can't be had is told by next().
    const stop = (): void => void iterator.return!().catch(() => undefined);
    signal?.addEventListener("abort", stop, { once: true });
    const iterator: AsyncIterableIterator<Data> = {
      [Symbol.asyncIterator]: () => iterator,
      async next() {
        const result = await refusedInWords((await opened).next());
        signal?.throwIfAborted();
        if (result.done) {
          signal?.removeEventListener("abort", stop);
          return { done: true, value: undefined };
        }
        const { data, errors } = result.value;
        if (errors?.[0]) throw faultOf(errors[0] as GraphFault);
        if (!data) throw new ClientError("GRAPHQL_ERROR", "The server sent an event without data.");
        return { done: false, value: data };
      },
      async return() {
        signal?.removeEventListener("abort", stop);
        await (await opened).return?.();
        return { done: true, value: undefined };
      },
    };
    return iterator;
  }

  /** The JSON of an answer, whatever its status. @throws {ClientError} with the server's word, UNREACHABLE, NOT_HEADWAY */
  async json<T extends object>(url: string, init: RequestInit): Promise<T> {
    const response = await this.send(url, init);
    const text = await response.text().catch((error: unknown) => this.#lost(error, init.signal));
    const body = parse(text) as (T & { readonly error?: { code?: string; message?: string } }) | null;
    if (typeof body !== "object" || body === null) throw this.#notHeadway(`it says ${response.status}`);
    if (typeof body.error?.message === "string") {
      throw new ClientError(body.error.code ?? codeOf(response.status), body.error.message);
    }
    if (!response.ok && !("errors" in body)) throw this.#notHeadway(`it says ${response.status}`);
    return body;
  }

  /** A request, given up when no answer comes. @throws {ClientError} UNREACHABLE @throws the signal's reason */
  async send(url: string, { signal, ...init }: RequestInit, deadlineMs = ANSWER_DEADLINE_MS): Promise<Response> {
    this.#assertOpen();
    const deadline = AbortSignal.timeout(deadlineMs);
    const send = this.#options.fetch ?? fetch;
    try {
      return await send(url, { ...init, signal: signal ? AbortSignal.any([signal, deadline]) : deadline });
    } catch (error) {
      return this.#lost(error, signal);
    }
  }

  /** Ends all subscriptions; what is asked after it is refused, so that work that is under way ends soon. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await (await this.#socket?.catch(() => null))?.dispose();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ClientError("CLOSED", "This client is closed; create another.");
  }

  #lost(error: unknown, signal?: AbortSignal | null): never {
    signal?.throwIfAborted();
    const { cause, name, message } = error as {
      cause?: { code?: string; message?: string };
      name?: string;
      message?: string;
    };
    const why =
      name === "TimeoutError"
        ? `no answer within ${ANSWER_DEADLINE_MS / 1_000} s`
        : (cause?.code ?? cause?.message ?? message ?? "no reason given");
    throw new ClientError("UNREACHABLE", unreachable(this.url, why), { cause: error });
  }

  #notHeadway(why: string): ClientError {
    return new ClientError("NOT_HEADWAY", `The server at ${this.url} is not Headway (${why}).`);
  }
}

/** A certificate that is not accepted, by the codes of Node; a page is told nothing of it. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)/;

function unreachable(url: string, why: string): string {
  if (UNTRUSTED.test(why)) return `The certificate of ${url} is not trusted (${why}).`;
  const { origin } = (globalThis as { location?: { origin?: string } }).location ?? {};
  const none = `No Headway server answers at ${url} (${why}).`;
  // A browser does not say which it was.
  if (!origin?.startsWith("http") || url === origin || url.startsWith(`${origin}/`)) return none;
  return `${none} If one does, HEADWAY_ALLOWED_ORIGINS must have ${origin} in it.`;
}

/** What a status says where nothing else does. */
export function codeOf(status: number): string {
  return { 401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "NOT_FOUND" }[status] ?? `HTTP_${status}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Not ours: said by the caller.
  }
}
