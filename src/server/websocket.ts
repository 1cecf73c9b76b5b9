import {
  createSourceEventStream,
  execute,
  getOperationAST,
  GraphQLError,
  specifiedRules,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
} from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { STATUS_CODES, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { messageOf } from "../errors.js";
import type { GraphRequest } from "../graphql/limits/limits.js";
import type { Logger } from "../logger.js";
import { openSockets } from "../metrics.js";
import { traced, type SpanOf } from "../tracing.js";
import { know, unwatch } from "./connections.js";
import type { GraphService } from "./graph-service.js";
import { mayConnect } from "./origins.js";
import { SocketAuth } from "./socket-auth.js";
import { spanOfOperation } from "./socket-trace.js";

/** The WebSocket side of the endpoint. */
export interface GraphSockets {
  /** Closes every socket with 1001 and resolves when they are gone; no more are taken. */
  dispose(): Promise<void>;
  /** Drops the sockets that have not closed. */
  terminate(): void;
}

/** A query is kilobytes at most, and uploads don't come this way. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** Operations that one socket may have open at once: a page follows a few, a dashboard some dozens. */
const MAX_OPERATIONS = 100;
/**
 * A subscription waits until its last event has left for the kernel, so a client that does not read holds up one event
 * of each. It may go on sending queries and pings, though: above this they are not answered any more.
 */
const MAX_UNSENT_BYTES = 1024 * 1024;
const FRAMES_WINDOW_MS = 10_000;
/**
 * Frames of one socket in each window, pings and pongs too. What a key may ask for always fits: a request is two frames
 * with its end, and a client that pings beside each sends five at most.
 */
const MIN_MAX_FRAMES = 5_000;
const FRAMES_PER_REQUEST = 5;

interface SocketOptions<Principal> {
  readonly service: GraphService<Principal>;
  readonly url: () => string;
  readonly logger: Logger;
  /** Null: any. */
  readonly allowedOrigins: readonly string[] | null;
}

/** Takes the WebSockets of `server` at `path`, speaking graphql-transport-ws. */
export function serveSockets<Principal>(
  server: Server,
  path: string,
  { service, url, logger, allowedOrigins }: SocketOptions<Principal>,
): GraphSockets {
  // Pings are answered in `boundFrames`: left to itself, ws drops without a word whoever has 61 pings unanswered.
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, autoPong: false });
  const maxFrames = Math.max(
    MIN_MAX_FRAMES,
    ((service.requestsPerSecond * FRAMES_WINDOW_MS) / 1_000) * FRAMES_PER_REQUEST,
  );
  let closing = false;
  const auth = new SocketAuth(service, logger);
  /** By the context that was made for them: each event of their subscription needs another one. */
  const principals = new WeakMap<object, readonly [Principal, AbortSignal]>();
  const contextFor = async (principal: Principal, gone: AbortSignal): Promise<object> => {
    const context = await service.context(principal, url(), gone);
    principals.set(context, [principal, gone]);
    return context;
  };
  /** By the same context. */
  const spans = new WeakMap<object, SpanOf>();
  const within = <T>({ contextValue }: { readonly contextValue?: unknown }, work: () => Promise<T>): Promise<T> =>
    traced(`WS ${path}`, spans.get(contextValue as object) ?? { parent: null }, work);
  const disposable = useServer(
    {
      isProd: true,
      onConnect: async ({ connectionParams, extra }) => {
        const isTaken = await auth.onConnect(extra.socket, connectionParams);
        if (isTaken && auth.isKnown(extra.socket)) know(extra.request.socket);
        return isTaken;
      },
      onSubscribe: async ({ subscriptions, extra, connectionParams }, _id, payload) => {
        if (Object.keys(subscriptions).length > MAX_OPERATIONS) return [tooMany()];
        const principal = await auth.principalOf(extra.socket, payload.extensions);
        if (principal instanceof GraphQLError) return [principal];
        know(extra.request.socket);
        const { query, operationName, variables } = payload;
        const document = readable(service, principal, { query, operationName, variables });
        if (!("kind" in document)) return document;
        if (!getOperationAST(document, operationName)) return [unresolved(operationName)];
        const contextValue = await contextFor(principal, goneWith(extra.socket));
        const { extensions } = payload;
        spans.set(contextValue, spanOfOperation({ document, operationName, extensions, connectionParams }));
        return {
          schema: service.schema,
          document,
          operationName: operationName ?? null,
          variableValues: variables ?? null,
          contextValue,
        };
      },
      // Of a subscription the span ends when it has begun.
      subscribe: (args) =>
        within(args, () =>
          subscribeWith(args as ExecutionArgs, () => contextFor(...principals.get(args.contextValue as object)!)),
        ),
      execute: (args) => within(args, async () => withCodes(await execute(args as ExecutionArgs))),
      onNext: (_context, _id, _payload, { document, operationName }, result) => {
        if (!result.errors) return undefined;
        const isMutation = getOperationAST(document, operationName)?.operation === "mutation";
        return service.finish({ ...result, errors: result.errors.map(service.formatError) }, isMutation);
      },
      onError: (_context, _id, _payload, errors) => (errors as readonly GraphQLError[]).map(service.formatError),
    },
    sockets,
  );
  server.on("upgrade", (request, socket, head) => {
    const refusal = closing ? 503 : refusalOf(request, path, allowedOrigins);
    if (refusal !== null) return refuse(socket, refusal);
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      unwatch(request.socket);
      openSockets.inc();
      accepted.once("close", () => {
        openSockets.dec();
        auth.forget(accepted);
      });
      boundFrames(accepted, maxFrames, logger);
      sockets.emit("connection", accepted, request);
      // A client's broken or too large message closes its socket with the code for it; it is no fault to print here.
      accepted.removeAllListeners("error");
      accepted.on("error", (error) => logger.debug({ error: error.message }, "a WebSocket was closed"));
    });
  });
  return {
    async dispose() {
      closing = true;
      auth.stop();
      await disposable.dispose();
    },
    terminate() {
      for (const client of sockets.clients) client.terminate();
    },
  };
}

/**
 * Answers pings, and drops a socket whose client sends without reading, or sends more than anybody who means it: a ping is
 * answered as a message is, and costs as much.
 */
function boundFrames(socket: WebSocket, maxFrames: number, logger: Logger): void {
  let frames = 0;
  let windowEndsAt = 0;
  const events = ["message", "ping", "pong"] as const;
  const drop = (why: string): void => {
    // What has come already is still handed out, a frame at a time.
    for (const event of events) socket.off(event, count);
    logger.warn({ unsentBytes: socket.bufferedAmount, frames }, `a WebSocket was dropped: ${why}`);
    socket.terminate();
  };
  const count = (): void => {
    const now = performance.now();
    if (now >= windowEndsAt) [frames, windowEndsAt] = [0, now + FRAMES_WINDOW_MS];
    frames += 1;
    if (socket.bufferedAmount > MAX_UNSENT_BYTES) drop("its client does not read fast enough");
    else if (frames > maxFrames) drop("its client sends too much");
  };
  for (const event of events) socket.on(event, count);
  socket.on("ping", (data: Buffer) => {
    if (socket.readyState === socket.OPEN) socket.pong(data);
  });
}

const gone = new WeakMap<WebSocket, AbortSignal>();

/** Aborted when the socket closes. */
function goneWith(socket: WebSocket): AbortSignal {
  const known = gone.get(socket);
  if (known) return known;
  const controller = new AbortController();
  if (socket.readyState === socket.OPEN) socket.once("close", () => controller.abort());
  else controller.abort();
  gone.set(socket, controller.signal);
  return controller.signal;
}

/** The document, or why it is refused; with the codes that the HTTP side gives. */
function readable<Principal>(
  { schema, admit, limit, validationRules }: GraphService<Principal>,
  principal: Principal,
  request: GraphRequest,
): DocumentNode | readonly GraphQLError[] {
  try {
    admit(principal);
  } catch (error) {
    return [new GraphQLError(messageOf(error), { originalError: error as Error })];
  }
  const document = limit(request);
  if (!("kind" in document)) return document;
  const faults = validate(schema, document, [...specifiedRules, ...validationRules]);
  return faults.length > 0 ? faults.map((fault) => withCode(fault, "GRAPHQL_VALIDATION_FAILED")) : document;
}

/** In the words of graphql-js, which speaks over HTTP. */
function unresolved(operationName: string | null | undefined): GraphQLError {
  const message = operationName
    ? `Unknown operation named "${operationName}".`
    : "Must provide operation name if query contains multiple operations.";
  return withCode(new GraphQLError(message), "OPERATION_RESOLUTION_FAILURE");
}

function tooMany(): GraphQLError {
  const message = `This socket has ${MAX_OPERATIONS} open operations, which is the limit; complete some first.`;
  return withCode(new GraphQLError(message), "TOO_MANY_OPERATIONS");
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  const { message, nodes, source, positions, path, extensions } = error;
  return new GraphQLError(message, { nodes, source, positions, path, extensions: { code, ...extensions } });
}

/** Without `data` nothing was run: the variables don't fit the document. */
function withCodes(result: ExecutionResult): ExecutionResult {
  if (!result.errors || "data" in result) return result;
  const errors = result.errors.map((error) => (error.path ? error : withCode(error, "BAD_USER_INPUT")));
  return { ...result, errors };
}

/**
 * As `subscribe` of graphql-js, but each event is executed with a context of its own, and `return()` reaches the
 * source at once, even while it waits for its next event.
 */
async function subscribeWith(
  args: ExecutionArgs,
  context: () => object | Promise<object>,
): Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult> {
  const stream = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in stream)) return withCodes(stream);
  const source = stream[Symbol.asyncIterator]();
  const ended = { done: true, value: undefined } as const;
  const mapped: Omit<AsyncGenerator<ExecutionResult, void, void>, typeof Symbol.asyncDispose> = {
    async next() {
      const event = await source.next();
      if (event.done) return ended;
      const contextValue = await context();
      return { done: false, value: withCodes(await execute({ ...args, rootValue: event.value, contextValue })) };
    },
    async return() {
      await source.return?.();
      return ended;
    },
    async throw(error) {
      await source.return?.();
      throw error;
    },
    [Symbol.asyncIterator]: () => mapped as AsyncGenerator<ExecutionResult, void, void>,
  };
  return mapped as AsyncGenerator<ExecutionResult, void, void>;
}

/** The status to refuse an upgrade with; null where it is welcome. */
function refusalOf(request: IncomingMessage, path: string, allowedOrigins: readonly string[] | null): number | null {
  // Read as text: not all that a client may send as an address can be parsed as one, and throwing here ends the process.
  if ((request.url ?? "/").split("?", 1)[0] !== path) return 404;
  return mayConnect(allowedOrigins, request.headers) ? null : 403;
}

function refuse(socket: Duplex, status: number): void {
  socket.on("error", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
