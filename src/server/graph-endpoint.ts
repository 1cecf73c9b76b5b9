import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from "@apollo/server/plugin/disabled";
import { expressMiddleware } from "@as-integrations/express5";
import express, { type Express, type RequestHandler, type Response } from "express";
import {
  getOperationAST,
  GraphQLError,
  OperationTypeNode,
  type DocumentNode,
  type GraphQLFormattedError,
} from "graphql";
import type { Server } from "node:http";
import type { GraphRequest } from "../graphql/limits/limits.js";
import type { Logger } from "../logger.js";
import { know } from "./connections.js";
import type { Drain } from "./drain.js";
import { MAX_BODY_BYTES, type GraphService } from "./graph-service.js";
import { EXPLORE_PATH } from "./playground/sign-in.js";
import { spanOfRequest, type RequestSpan } from "../tracing.js";
import { serveSockets } from "./websocket.js";

const GRAPHQL_PATH = "/graphql";

interface Endpoint<Principal> {
  readonly app: Express;
  readonly http: Server;
  readonly drain: Drain;
  readonly service: GraphService<Principal>;
  readonly url: () => string;
  readonly logger: Logger;
  /** Null: any. */
  readonly allowedOrigins: readonly string[] | null;
  /** Whether `/` is the console, which is served elsewhere. */
  readonly hasConsole: boolean;
}

/** Puts the GraphQL endpoint and its sockets onto `app`, and leads browsers to Explore. Returns how to stop them, and the rest. */
export async function serveGraph<Principal>(endpoint: Endpoint<Principal>): Promise<() => Promise<void>> {
  const { app, http, drain, service, url, logger, allowedOrigins } = endpoint;
  drain.sockets = serveSockets(http, GRAPHQL_PATH, { service, url, logger, allowedOrigins });
  const apollo = apolloFor(endpoint);
  await apollo.start();
  if (!endpoint.hasConsole) app.get("/", toExplore);
  app.use(
    GRAPHQL_PATH,
    pagesToExplore,
    traceRequest,
    async (req, res, next) => {
      // Before anything of the body is read: who has no key learns nothing, not even of the schema.
      const principal = await service.authenticate(req.headers.authorization);
      know(req.socket);
      service.admit(principal);
      res.locals.principal = principal;
      next();
    },
    express.json({ limit: MAX_BODY_BYTES }),
    limited(service),
    withinSpan,
    expressMiddleware(apollo, {
      context: async ({ res }) => service.context(res.locals.principal as Principal, url(), goneBefore(res)),
    }),
  );
  return () => apollo.stop();
}

/** Aborted when the client closes its connection before it has its answer. */
function goneBefore(res: Response): AbortSignal {
  const gone = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** What the service makes of every result, before anything else looks at it. */
function finishing({ finish }: Pick<GraphService<never>, "finish">): ApolloServerPlugin<object> {
  return {
    requestDidStart: async () => ({
      willSendResponse: async ({ response: { body }, operation }) => {
        if (body.kind === "single") body.singleResult = finish(body.singleResult, operation?.operation === "mutation");
      },
    }),
  };
}

/** Says with each answer what it cost, and what of it most, so that who comes near a limit sees it before. */
function telling({ costOf }: Pick<GraphService<never>, "costOf">): ApolloServerPlugin<object> {
  return {
    requestDidStart: async () => ({
      willSendResponse: async ({ response: { body }, document, request: { operationName, variables } }) => {
        const cost = document && body.kind === "single" && costOf?.(document, { operationName, variables });
        if (cost) body.singleResult.extensions = { ...body.singleResult.extensions, cost };
      },
    }),
  };
}

function withoutRetry(error: GraphQLFormattedError): GraphQLFormattedError {
  const { retryAfterMs: _, ...extensions } = error.extensions ?? {};
  return { ...error, extensions };
}

/**
 * Who is told to come back later is told so in the head of the answer too, where proxies and clients of HTTP look; by the
 * status only where there is nothing else in the answer.
 */
const retryAfter: ApolloServerPlugin<object> = {
  requestDidStart: async () => ({
    willSendResponse: async ({ response: { http, body }, operation }) => {
      if (body.kind !== "single") return;
      const { errors } = body.singleResult;
      if (errors && operation?.operation === OperationTypeNode.MUTATION) {
        // Something was done, or may have been: whoever sent it again by itself would do it twice.
        const mayBeDone =
          operation.selectionSet.selections.length > 1 || errors.some(({ path }) => (path?.length ?? 0) > 1);
        if (mayBeDone) body.singleResult.errors = errors.map(withoutRetry);
      }
      const busy = body.singleResult.errors?.find(({ extensions }) => extensions?.code === "SERVICE_BUSY");
      const waitMs = busy?.extensions?.retryAfterMs;
      // Where it is not known whether a mutation was carried out, nobody is asked to send it again.
      if (typeof waitMs !== "number") return;
      http.headers.set("retry-after", String(Math.ceil(waitMs / 1_000)));
      const values = Object.values(body.singleResult.data ?? {});
      if (values.every((value) => value === null)) http.status = 503;
    },
  }),
};

function apolloFor<Principal>({ drain, service, logger }: Endpoint<Principal>): ApolloServer<object> {
  const draining: ApolloServerPlugin = { serverWillStart: async () => ({ drainServer: () => drain.run() }) };
  return new ApolloServer({
    schema: service.schema,
    formatError: (formatted, error) =>
      service.formatError(
        error instanceof GraphQLError
          ? error
          : new GraphQLError(formatted.message, { originalError: error instanceof Error ? error : null }),
      ),
    validationRules: [...service.validationRules],
    // Where it is switched off, a rule of the service's does so for both transports.
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger,
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      draining,
      finishing(service),
      telling(service),
      retryAfter,
    ],
  });
}

/** Relative, so that it is right whatever a proxy has put before the path. */
const toExplore: RequestHandler = (req, res) => {
  const depth = req.originalUrl.split("?", 1)[0]!.split("/").length - 2;
  res.redirect(302, `${"../".repeat(depth)}${EXPLORE_PATH.slice(1)}`);
};

const pagesToExplore: RequestHandler = (req, res, next) => {
  if (req.method === "GET" && req.accepts(["json", "html"]) === "html") toExplore(req, res, next);
  else next();
};

/** A span from here to the end of the answer, where spans are wanted. */
const traceRequest: RequestHandler = (req, res, next) => {
  const span = spanOfRequest(`${req.method} ${GRAPHQL_PATH}`, req.headers, {
    "http.request.method": req.method,
    "url.path": GRAPHQL_PATH,
  });
  if (span !== null) {
    res.locals.span = span;
    res.once("close", () => span.end(res.statusCode));
  }
  next();
};

/** Behind the reading of the body, which loses sight of the request that it belongs to. */
const withinSpan: RequestHandler = (_req, res, next) => {
  const span = res.locals.span as RequestSpan | undefined;
  if (span === undefined) next();
  else span.run(next);
};

/** What is too much is refused before Apollo parses and validates it. What is no request at all is left to Apollo. */
function limited({ limit, formatError }: Pick<GraphService<never>, "limit" | "formatError">): RequestHandler {
  return (req, res, next) => {
    const request = requestIn(req.method === "GET" ? req.query : (req.body as unknown));
    const document = request && limit(request);
    if (!document) return next();
    const faults = !("kind" in document) ? document : isStream(document, request) ? [noStream()] : [];
    if (faults.length === 0) return next();
    res.status(400).json({ errors: faults.map(formatError) });
  };
}

function isStream(document: DocumentNode, { operationName }: GraphRequest): boolean {
  return getOperationAST(document, operationName)?.operation === "subscription";
}

function noStream(): GraphQLError {
  const message = "Subscriptions use WebSocket at this address, with the protocol graphql-transport-ws.";
  return new GraphQLError(message, { extensions: { code: "BAD_REQUEST" } });
}

function requestIn(from: unknown): GraphRequest | null {
  if (typeof from !== "object" || from === null) return null;
  const { query, operationName, variables } = from as Record<string, unknown>;
  if (typeof query !== "string") return null;
  return {
    query,
    operationName: typeof operationName === "string" ? operationName : null,
    variables: typeof variables === "object" ? (variables as GraphRequest["variables"]) : null,
  };
}
