import { createClient, type Client } from "graphql-ws";
import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";
import { HeadwayError } from "../errors.js";

/** A GraphQL client over HTTP and WebSocket, as any client of the API would be. */
export class ApiClient {
  readonly #url: string;
  readonly #authorization: string;
  readonly #socket: Client;

  /**
   * @param url such as "http://127.0.0.1:4000"
   * @param key such as "hw_…"
   */
  constructor(url: string, key: string) {
    this.#url = `${url}/graphql`;
    this.#authorization = `Bearer ${key}`;
    this.#socket = createClient({
      url: this.#url.replace(/^http/, "ws"),
      webSocketImpl: WebSocket,
      connectionParams: { authorization: this.#authorization },
      retryAttempts: 10,
      shouldRetry: () => true,
    });
  }

  /**
   * Asks again when it was refused for asking too often.
   * @throws {HeadwayError} with the first GraphQL error's code and message
   */
  async query<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    const response = await fetch(this.#url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: this.#authorization },
      body: JSON.stringify({ query, variables }),
    });
    const body = (await response.json()) as {
      data?: T;
      errors?: { message: string; extensions?: { code?: string; retryAfterMs?: number } }[];
    };
    const first = body.errors?.[0];
    if (first?.extensions?.retryAfterMs !== undefined) {
      await sleep(first.extensions.retryAfterMs);
      return this.query(query, variables);
    }
    if (first) throw new HeadwayError(first.extensions?.code ?? "GRAPHQL_ERROR", first.message);
    return body.data as T;
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

  /** Ends when the server completes the subscription, when the loop over it is left, or by `return()` while waiting. */
  subscribe<T extends Record<string, unknown>>(
    query: string,
    variables: Record<string, unknown>,
  ): AsyncIterableIterator<T> {
    // No generator: one that waits can't be ended from outside.
    const results = this.#socket.iterate<T>({ query, variables });
    const iterator: AsyncIterableIterator<T> = {
      [Symbol.asyncIterator]: () => iterator,
      async next() {
        const result = await results.next();
        if (result.done) return { done: true, value: undefined };
        const { data, errors } = result.value;
        if (errors?.[0]) throw new HeadwayError("GRAPHQL_ERROR", errors[0].message);
        if (!data) throw new HeadwayError("GRAPHQL_ERROR", "The server sent an event without data.");
        return { done: false, value: data };
      },
      async return() {
        await results.return?.();
        return { done: true, value: undefined };
      },
    };
    return iterator;
  }

  async close(): Promise<void> {
    await this.#socket.dispose();
  }
}
