import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from "@apollo/server/plugin/disabled";
import { expressMiddleware } from "@as-integrations/express5";
import express, { type ErrorRequestHandler, type Express } from "express";
import { GraphQLError } from "graphql";
import { createServer, type Server } from "node:http";
import { isIPv6, type AddressInfo } from "node:net";
import type { DataSource } from "typeorm";
import { AccessDenied, HeadwayError, messageOf } from "../errors.js";
import { authenticate, type Viewer } from "../graphql/auth.js";
import { createContext, type ApiParts } from "../graphql/context.js";
import { formatError } from "../graphql/errors.js";
import { buildHeadwaySchema } from "../graphql/schema.js";
import type { Logger } from "../logger.js";
import { serveArtifact } from "./artifacts.js";
import { healthz, readyz, type Check } from "./health.js";
import { serveMetrics } from "./metrics.js";
import { PLAYGROUND_PATH, servePlayground } from "./playground.js";
import { serveSockets, type GraphService } from "./websocket.js";

export type { Check };

/** A server that listens. */
export interface RunningServer {
  /** Such as "http://127.0.0.1:4000", without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** Takes nothing new, closes WebSockets with 1001, lets answers end; after `graceMs` cuts them. Idempotent. */
  close(graceMs: number): Promise<void>;
}

export interface ServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly logger: Logger;
  /** Read at each request: more may be added after the start. */
  readonly checks: readonly Check[];
  /** Asked for /metrics; null where there is nothing to be measured. */
  readonly measured: { readonly db: DataSource } | null;
  /** Null where this process serves no API, but health only. */
  readonly api: Omit<ApiParts, "publicUrl" | "logger"> | null;
  /** How often the keys of open sockets are looked at again. Default 10,000. */
  readonly recheckKeysMs?: number;
}

const GRAPHQL_PATH = "/graphql";
const MAX_BODY_BYTES = 1_000_000;

/** Starts to listen. @throws {HeadwayError} PORT_IN_USE, CANNOT_LISTEN */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { api, logger } = options;
  if (api === null) return listen(options, null, () => undefined);
  const schema = await buildHeadwaySchema();
  const viewerOf = (authorization: unknown): Promise<Viewer> => authenticate(api.keys, authorization);
  const graph = (url: () => string): GraphService<Viewer> => ({
    schema,
    authenticate: viewerOf,
    isStillGood: ({ keyId }) => api.keys.isGood(keyId),
    ...(options.recheckKeysMs === undefined ? {} : { recheckMs: options.recheckKeysMs }),
    context: (viewer) => createContext({ ...api, logger, publicUrl: url() }, viewer),
    formatError: (error) => formatError(error, logger),
    validationRules: [],
    parseOptions: {},
  });
  return listen(options, graph, (app) => {
    const { parts, blobs } = api;
    app.get("/artifacts/:id", serveArtifact({ db: parts.db, blobs, authenticate: viewerOf, logger }));
  });
}

/**
 * As startServer, over any schema.
 * @param graph makes what /graphql answers from, given the way to the URL that is known once the server listens
 * @param more adds routes
 */
export async function listen<Visitor>(
  { host, port, logger, checks, measured }: Omit<ServerOptions, "api" | "recheckKeysMs">,
  graph: ((url: () => string) => GraphService<Visitor>) | null,
  more: (app: Express) => void,
): Promise<RunningServer> {
  const app = express().disable("x-powered-by");
  const http = createServer(app);
  let boundPort = port;
  // Kept, because an answer may still be made while the server closes, when it has no address any more.
  const url = (): string => urlOf(host, boundPort);
  const drain = new Drain(http);
  app.use(drain.note);
  app.get("/healthz", healthz);
  app.get("/readyz", readyz(checks));
  if (measured) app.get("/metrics", serveMetrics({ ...measured, logger }));
  const stop = graph ? await serveGraph(app, http, drain, graph(url), logger) : () => drain.run();
  more(app);
  app.use((req, res) => {
    res.status(404).json({ error: { code: "NOT_FOUND", message: `There is nothing at ${req.method} ${req.path}.` } });
  });
  app.use(answerError(logger));
  try {
    boundPort = await bind(http, host, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: url(),
    port: boundPort,
    close: (graceMs) => drain.within(graceMs, stop),
  };
}

/** Puts the GraphQL endpoint, its sockets and its playground onto `app`. Returns how to stop them, and the rest. */
async function serveGraph<Visitor>(
  app: Express,
  http: Server,
  drain: Drain,
  service: GraphService<Visitor>,
  logger: Logger,
): Promise<() => Promise<void>> {
  const sockets = serveSockets(http, GRAPHQL_PATH, service, logger);
  drain.sockets = sockets;
  const draining: ApolloServerPlugin = { serverWillStart: async () => ({ drainServer: () => drain.run() }) };
  const apollo = new ApolloServer({
    schema: service.schema,
    formatError: (formatted, error) =>
      service.formatError(
        error instanceof GraphQLError
          ? error
          : new GraphQLError(formatted.message, { originalError: error instanceof Error ? error : null }),
      ),
    validationRules: [...service.validationRules],
    parseOptions: service.parseOptions,
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger,
    plugins: [ApolloServerPluginLandingPageDisabled(), ApolloServerPluginUsageReportingDisabled(), draining],
  });
  await apollo.start();
  app.get("/", (_req, res) => res.redirect(302, PLAYGROUND_PATH));
  app.get(PLAYGROUND_PATH, servePlayground(GRAPHQL_PATH));
  app.use(
    GRAPHQL_PATH,
    (req, res, next) => {
      if (req.method === "GET" && req.accepts(["json", "html"]) === "html") res.redirect(302, PLAYGROUND_PATH);
      else next();
    },
    async (req, res, next) => {
      // Before anything of the body is read: who has no key learns nothing, not even of the schema.
      res.locals.visitor = await service.authenticate(req.headers.authorization);
      next();
    },
    express.json({ limit: MAX_BODY_BYTES }),
    expressMiddleware(apollo, { context: async ({ res }) => service.context(res.locals.visitor as Visitor) }),
  );
  return () => apollo.stop();
}

/** The end of an HTTP server: what is being answered is answered, within limits. */
class Drain {
  sockets: { dispose(): Promise<void>; terminate(): void } | null = null;
  private started = false;
  private done: Promise<void> | null = null;

  constructor(private readonly http: Server) {}

  /** Ends each connection with its answer once the drain has begun. */
  readonly note: express.RequestHandler = (_req, res, next) => {
    if (this.started) res.set("connection", "close");
    res.once("finish", () => {
      if (this.started) setImmediate(() => this.http.closeIdleConnections());
    });
    next();
  };

  /** Resolves when no connection is left. */
  async run(): Promise<void> {
    this.started = true;
    const closed = new Promise<void>((resolve) => this.http.close(() => resolve()));
    this.http.closeIdleConnections();
    await Promise.all([closed, this.sockets?.dispose()]);
  }

  /** Runs `stop`, which ends with the last connection; at the latest after `graceMs` there is none. */
  within(graceMs: number, stop: () => Promise<void>): Promise<void> {
    this.done ??= this.cutAfter(graceMs, stop);
    return this.done;
  }

  private async cutAfter(graceMs: number, stop: () => Promise<void>): Promise<void> {
    const cut = setTimeout(() => {
      this.sockets?.terminate();
      this.http.closeAllConnections();
    }, graceMs);
    try {
      await stop();
    } finally {
      clearTimeout(cut);
    }
  }
}

/** Resolves with the port, which is another one than asked for when that was 0. */
function bind(http: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once("error", (error: NodeJS.ErrnoException) => reject(listenFault(error, host, port)));
    http.listen(port, host, () => resolve((http.address() as AddressInfo).port));
  });
}

function listenFault(error: NodeJS.ErrnoException, host: string, port: number): HeadwayError {
  if (error.code === "EADDRINUSE")
    return new HeadwayError(
      "PORT_IN_USE",
      `Port ${port} on ${host} is taken by another process. Stop that one, set HEADWAY_PORT to another port, or set HEADWAY_PORT=0, which picks a free one.`,
      { host, port },
      { cause: error },
    );
  return new HeadwayError(
    "CANNOT_LISTEN",
    `Headway can't listen on ${host}, port ${port}: ${error.message}. Check HEADWAY_HOST and HEADWAY_PORT.`,
    { host, port },
    { cause: error },
  );
}

/** Where people reach a server that listens on `host`: "every address" is none that a browser can open. */
function urlOf(host: string, port: number): string {
  const reachable = host === "0.0.0.0" || host === "::" ? "localhost" : host;
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`;
}

/** What failed before GraphQL saw it, in GraphQL's form and without its inside. */
function answerError(logger: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error);
    if (error instanceof AccessDenied) {
      if (error.code === "UNAUTHENTICATED") res.set("www-authenticate", "Bearer");
      const { code, message } = error;
      res.status(code === "UNAUTHENTICATED" ? 401 : 403).json({ errors: [{ message, extensions: { code } }] });
      return;
    }
    const { status, type } = error as { status?: unknown; type?: unknown };
    const known = typeof status === "number" && status >= 400 && status < 500;
    if (!known) logger.error({ error: messageOf(error), path: req.path }, "a request failed");
    const [code, message] = !known
      ? ["INTERNAL_SERVER_ERROR", "Something went wrong here; the server's log says what."]
      : type === "entity.too.large"
        ? ["TOO_LARGE", `The request's body is larger than ${MAX_BODY_BYTES} bytes. Send large documents as uploads.`]
        : ["BAD_REQUEST", messageOf(error)];
    res.status(known ? status : 500).json({ errors: [{ message, extensions: { code } }] });
  };
}
