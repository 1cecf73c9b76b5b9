import type { DocumentNode, GraphQLError, GraphQLFormattedError, GraphQLSchema, ValidationRule } from "graphql";
import type { GraphRequest } from "../graphql/limits/limits.js";

/** The largest body of a request over HTTP. */
export const MAX_BODY_BYTES = 1_000_000;

/** What both transports answer from: nothing is allowed, counted or shown over one that is not over the other. */
export interface GraphService<Visitor> {
  readonly schema: GraphQLSchema;
  /** Whoever sent this as `Authorization`. @throws {AccessDenied} UNAUTHENTICATED */
  readonly authenticate: (authorization: unknown) => Promise<Visitor>;
  /** Whether one who was let in is still welcome. */
  readonly isStillGood: (visitor: Visitor) => Promise<boolean>;
  /** How often that is asked for each open socket. Default 10,000. */
  readonly recheckMs?: number;
  /** How long a socket may be open without having named a key. Default 10,000. */
  readonly keylessMs?: number;
  /** By what a visitor's requests and sockets are counted. */
  readonly idOf: (visitor: Visitor) => string;
  /** Counts one request of the visitor. @throws {RateLimited} */
  readonly admit: (visitor: Visitor) => void;
  /** The document of a request that is not too much, else why it is. */
  readonly limit: (request: GraphRequest) => DocumentNode | readonly GraphQLError[];
  /** On top of those of the GraphQL specification. */
  readonly validationRules: readonly ValidationRule[];
  /** Made anew for each request and each event, so that what it loads is never stale. `url` is where clients reach us. */
  readonly context: (visitor: Visitor, url: string) => object | Promise<object>;
  readonly formatError: (error: GraphQLError) => GraphQLFormattedError;
}
