import { getOperationAST, type DocumentNode } from "graphql";
import { spanNamed, type SpanOf } from "../tracing.js";

type Sent = Readonly<Record<string, unknown>> | null | undefined;

/** An operation over a WebSocket, and what came with it. */
interface Operation {
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
  readonly extensions: Sent;
  readonly connectionParams: Sent;
}

/**
 * The span of an operation over a WebSocket. It goes on from the `traceparent` in its `extensions`, or in the headers there.
 * That of the connectionParams it is but linked to: a connection outlives the trace in which it was made.
 */
export function spanOfOperation({ document, operationName, extensions, connectionParams }: Operation): SpanOf {
  const opened = traceparentIn(connectionParams);
  const link = opened === null ? undefined : spanNamed(opened);
  const type = getOperationAST(document, operationName)?.operation;
  return {
    kind: "SERVER",
    attributes: { "network.protocol.name": "websocket", ...(type ? { "graphql.operation.type": type } : {}) },
    parent: traceparentIn(extensions) ?? traceparentIn(extensions?.headers as Sent),
    links: link ? [link] : [],
  };
}

function traceparentIn(sent: Sent): string | null {
  const value = typeof sent === "object" && sent !== null ? sent.traceparent : undefined;
  return typeof value === "string" ? value : null;
}
