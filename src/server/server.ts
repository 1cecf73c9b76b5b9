import express, { type ErrorRequestHandler, type Express } from "express";
import { createServer, type Server } from "node:http";
import { isIPv6, type AddressInfo } from "node:net";
import { AccessDenied, HeadwayError, messageOf, RateLimited } from "../errors.js";
import { busyOf } from "../database/busy.js";
import type { Logger } from "../logger.js";
import { authenticateAddress, type Principal } from "../access/principal.js";
import { isSignedAddress, type SignedMethod } from "../access/signed-address.js";
import { serveArtifact } from "./artifacts.js";
import { Connections } from "./connections.js";
import { serveConsole } from "./console/page.js";
import { Drain } from "./drain.js";
import { healthz, readyz, type Check } from "./health.js";
import { MAX_BODY_BYTES, type GraphService } from "./graph-service.js";
import { serveMetrics } from "./metrics.js";
import { serveOriginal } from "./originals.js";
import { serveOutput } from "./outputs.js";
import { SHARED_PATHS, sharedWith } from "./origins.js";
import { EXPLORE_PATH, serveSignIn } from "./playground/sign-in.js";
import { boundBodies } from "./receive.js";
import { serveResumable } from "./resume.js";
import type { ServerOptions } from "./server-options.js";
import { onlySent, serveUpload } from "./uploads.js";

/** Of answers over HTTP, by the specification of it. */
const GRAPHQL_MEDIA_TYPE = "application/graphql-response+json";

/**
 * How long an idle connection is kept. Longer than the 60 s of nginx and of the usual load balancers: who closes first
 * must be the one that sends, or a request that is just on its way is answered with 502.
 */
const KEEP_ALIVE_MS = 75_000;
/** For the headers of one request. Longer than the one above, since older clocks of Node counted the idle time as well. */
const HEADERS_MS = 80_000;

export type { Check };

/** A server that listens. */
export interface RunningServer {
  /** Such as "http://127.0.0.1:4000", without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** Takes nothing new, closes WebSockets with 1001, lets answers end; after `graceMs` cuts them. Idempotent. */
  close(graceMs: number): Promise<void>;
}

/** Starts to listen. @throws {HeadwayError} PORT_IN_USE, CANNOT_LISTEN */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { api, logger } = options;
  if (api === null) return startListening(options, null, () => undefined);
  // Loaded here, because a process that serves no API starts half a second earlier without it.
  const { headwayService } = await import("./headway-service.js");
  const service = await headwayService({ ...options, api });
  return startListening(options, service, (app) => {
    const { db, maxDocumentBytes } = api.deps;
    const { signIn = null, console: hasConsole = false } = options;
    serveConsole(app, { isWhole: hasConsole });
    serveSignIn(app, { signIn, authenticate: service.authenticate, page: hasConsole ? "/" : EXPLORE_PATH });
    const files = { db, blobs: api.blobs, authenticate: service.authenticate, logger };
    const by =
      (method: SignedMethod) =>
      (req: Pick<express.Request, "query" | "headers">, object: string): Promise<Principal> =>
        isSignedAddress(req.query)
          ? authenticateAddress(api.keys, { method, object }, req.query)
          : service.authenticate(req.headers.authorization);
    app.get("/artifacts/:id", serveArtifact({ ...files, authenticate: by("GET") }));
    app.get("/originals/:id", serveOriginal({ ...files, authenticate: by("GET") }));
    app.get("/outputs/:id/:part", serveOutput({ ...files, authenticate: by("GET") }));
    const uploads = { ...files, authenticate: by("PUT"), maxDocumentBytes };
    const { head, patch } = serveResumable(uploads);
    app.route("/uploads/:id").put(serveUpload(uploads)).head(head).patch(patch).all(onlySent);
  });
}

/**
 * As startServer, over any schema.
 * @param service what /graphql answers from; it is told the URL, which is known once the server listens
 * @param more adds routes
 */
export async function startListening<Principal>(
  options: Pick<
    ServerOptions,
    "host" | "port" | "logger" | "checks" | "measured" | "allowedOrigins" | "connections" | "console"
  >,
  service: GraphService<Principal> | null,
  more: (app: Express) => void,
): Promise<RunningServer> {
  const { host, port, logger, checks, measured, allowedOrigins = null, console: hasConsole = false } = options;
  const app = express().disable("x-powered-by");
  // No limit for whole requests: an upload takes as long as its pace allows, every other body is bounded by itself.
  const http = createServer({ requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_MS }, app);
  let boundPort = port;
  // Kept, because an answer may still be made while the server closes, when it has no address any more.
  const url = (): string => urlOf(host, boundPort);
  const drain = new Drain(http);
  new Connections(http, options.connections);
  app.use(drain.note, boundBodies(), (_req, res, next) => {
    // Whatever a refusal repeats of its request, no browser takes it for a page.
    res.set("x-content-type-options", "nosniff");
    next();
  });
  app.get("/healthz", healthz);
  app.get("/readyz", readyz(checks));
  if (measured) app.get("/metrics", serveMetrics({ ...measured, logger }));
  app.use(SHARED_PATHS, sharedWith(allowedOrigins));
  const stop = service
    ? await (
        await import("./graph-endpoint.js")
      ).serveGraph({ app, http, drain, service, url, logger, allowedOrigins, hasConsole })
    : () => drain.run();
  more(app);
  app.use((req, res) => {
    res.status(404).json({ error: { code: "NOT_FOUND", message: `Not found: ${req.method} ${req.path}.` } });
  });
  app.use(answerError(logger, (cause) => service?.onBusy(cause)));
  try {
    boundPort = await bind(http, host, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: url(),
    port: boundPort,
    close: (graceMs) => drain.endWithin(graceMs, stop),
  };
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
      `Port ${port} on ${host} is used by another process. Stop it, set HEADWAY_PORT to another port, or set HEADWAY_PORT=0, which picks a free one.`,
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

/**
 * In the media type that a client of GraphQL asks for. Such clients don't read a refusal in another one: it might be some
 * proxy's.
 */
function mediaTypeFor(req: express.Request): string {
  return req.accepts(["application/json", GRAPHQL_MEDIA_TYPE]) || "application/json";
}

/** What failed before GraphQL saw it, in GraphQL's form and without its inside. */
function answerError(logger: Logger, onBusy: (cause: unknown) => void): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error);
    res.type(mediaTypeFor(req));
    if (error instanceof RateLimited) {
      const { code, message, retryAfterMs } = error;
      res.set("retry-after", String(Math.ceil(retryAfterMs / 1_000))).status(429);
      res.json({ errors: [{ message, extensions: { code, retryAfterMs } }] });
      return;
    }
    if (error instanceof AccessDenied) {
      if (error.code === "UNAUTHENTICATED") res.set("www-authenticate", "Bearer");
      const { code, message } = error;
      res.status(code === "UNAUTHENTICATED" ? 401 : 403).json({ errors: [{ message, extensions: { code } }] });
      return;
    }
    const busy = busyOf(error);
    if (busy) {
      onBusy(error);
      const { message, ...later } = busy;
      if (busy.retryAfterMs !== undefined) res.set("retry-after", String(Math.ceil(busy.retryAfterMs / 1_000)));
      res.status(503).json({ errors: [{ message, extensions: { code: "SERVICE_BUSY", ...later } }] });
      return;
    }
    const { status, type, limit = MAX_BODY_BYTES } = error as { status?: unknown; type?: unknown; limit?: number };
    const known = typeof status === "number" && status >= 400 && status < 500;
    if (!known) logger.error({ error: messageOf(error), path: req.path }, "a request failed");
    const [code, message] = !known
      ? ["INTERNAL_SERVER_ERROR", "Internal error; see the server's log."]
      : type === "entity.too.large"
        ? ["TOO_LARGE", `The request's body is larger than ${limit} bytes. Send large documents as uploads.`]
        : ["BAD_REQUEST", messageOf(error)];
    res.status(known ? status : 500).json({ errors: [{ message, extensions: { code } }] });
  };
}
