import { GraphQLError, GraphQLObjectType, GraphQLSchema, GraphQLString } from "graphql";
import { createClient, type Client } from "graphql-ws";
import WebSocket from "ws";
import { AccessDenied } from "../../src/errors.js";
import { createLogger, type Logger } from "../../src/logger.js";
import type { ConnectionBounds } from "../../src/server/connections.js";
import type { Check } from "../../src/server/health.js";
import { startListening, type RunningServer } from "../../src/server/server.js";
import type { GraphService } from "../../src/server/graph-service.js";
import { limitRequest } from "../../src/graphql/limits/limits.js";

export const logger = createLogger("silent");
/** The one key that this world lets in. */
export const KEY = "hw_world";
const field = (resolve: () => unknown) => ({ type: GraphQLString, resolve });

/** A subscription that never has an event, and knows when it has begun and when it has ended. */
class Silence implements AsyncIterableIterator<unknown> {
  private readonly ends: (() => void)[] = [];
  private ended = false;
  readonly end = new Promise<void>((resolve) => this.ends.push(resolve));
  private begin: () => void = () => undefined;
  readonly begun = new Promise<void>((resolve) => (this.begin = resolve));

  async next(): Promise<IteratorResult<unknown>> {
    this.begin();
    if (!this.ended) await this.end;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.ended = true;
    for (const end of this.ends) end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A server over a schema of a few fields. */
export interface World {
  readonly server: RunningServer;
  readonly checks: Check[];
  readonly silence: Silence;
  /** Resolves once a `slow` field is being resolved, which ends with `release`. */
  readonly slowBegun: Promise<void>;
  release(): void;
}

interface WorldOptions {
  readonly port?: number;
  /** Null: any. */
  readonly allowedOrigins?: readonly string[] | null;
  readonly connections?: ConnectionBounds;
  readonly requestsPerSecond?: number;
  readonly log?: Logger;
}

export async function startWorld({
  port = 0,
  allowedOrigins = null,
  connections = {},
  requestsPerSecond = 100,
  log = logger,
}: WorldOptions = {}): Promise<World> {
  const silence = new Silence();
  const checks: Check[] = [];
  let contexts = 0;
  let began: () => void = () => undefined;
  let release: () => void = () => undefined;
  const slowBegun = new Promise<void>((resolve) => (began = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  const events = async function* (): AsyncGenerator {
    yield {};
    yield {};
  };
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({
      name: "Query",
      fields: {
        hello: field(() => "world"),
        broken: field(() => {
          throw new Error("the inside");
        }),
        slow: field(async () => {
          began();
          await released;
          return "done";
        }),
      },
    }),
    subscription: new GraphQLObjectType<unknown, { number: number }>({
      name: "Subscription",
      fields: {
        numbers: {
          type: GraphQLString,
          subscribe: events,
          resolve: (_event, _args, context) => String(context.number),
        },
        silence: { type: GraphQLString, subscribe: () => silence },
      },
    }),
  });
  const service: GraphService<string> = {
    schema,
    authenticate: async (authorization) => {
      if (authorization === `Bearer ${KEY}`) return KEY;
      throw new AccessDenied("UNAUTHENTICATED", "Only the world's own key is good here.");
    },
    isValid: async () => true,
    context: () => ({ number: (contexts += 1) }),
    formatError: (error: GraphQLError) => ({
      message: error.originalError ? "hidden" : error.message,
      extensions: { code: error.extensions.code ?? "NONE" },
    }),
    onBusy: () => undefined,
    idOf: (principal) => principal,
    requestsPerSecond,
    admit: () => undefined,
    limit: (request) => limitRequest(schema, request),
    finish: (result) => result,
    validationRules: [],
  };
  const server = await startListening(
    { host: "127.0.0.1", port, logger: log, measured: null, checks, allowedOrigins, connections },
    service,
    () => undefined,
  );
  return { server, checks, silence, slowBegun, release };
}

/** A request to the endpoint. */
export function post(
  server: RunningServer,
  body: string,
  headers: Record<string, string> = {},
  key: string = KEY,
): Promise<Response> {
  return fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}`, ...headers },
    body,
  });
}

export const query = (text: string): string => JSON.stringify({ query: text });
const socketUrl = (server: RunningServer): string => `${server.url.replace("http", "ws")}/graphql`;

/** Every result of one operation over a socket. */
export async function collect(client: Client, text: string): Promise<unknown[]> {
  const results: unknown[] = [];
  for await (const result of client.iterate({ query: text })) results.push(result);
  return results;
}

/** A socket client that never tries again. */
export function connect(server: RunningServer, key: string = KEY): Client {
  return createClient({
    url: socketUrl(server),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: { authorization: `Bearer ${key}` },
  });
}

/** A bare socket that speaks the protocol. */
export function bareSocket(server: RunningServer, headers: Record<string, string> = {}): WebSocket {
  return new WebSocket(socketUrl(server), "graphql-transport-ws", { headers });
}
