import type {
  DocumentNode,
  FormattedExecutionResult,
  GraphQLError,
  GraphQLFormattedError,
  GraphQLSchema,
  ValidationRule,
} from "graphql";
import type { Cost, GraphRequest } from "../graphql/limits/limits.js";

/** The largest body of a request over HTTP. */
export const MAX_BODY_BYTES = 1_000_000;

/** What both transports answer from: nothing is allowed, counted or shown over one that is not over the other. */
export interface GraphService<Principal> {
  readonly schema: GraphQLSchema;
  /** Whoever sent this as `Authorization`. @throws {AccessDenied} UNAUTHENTICATED */
  readonly authenticate: (authorization: unknown) => Promise<Principal>;
  /** Whether one who was let in is still welcome. */
  readonly isValid: (principal: Principal) => Promise<boolean>;
  /** How often that is asked for each open socket. Default 10,000. */
  readonly recheckMs?: number;
  /** How long a socket may be open without having named a key. Default 10,000. */
  readonly authTimeoutMs?: number;
  /** By what a principal's requests and sockets are counted. */
  readonly idOf: (principal: Principal) => string;
  /** How many of them a principal may make. */
  readonly requestsPerSecond: number;
  /** Counts one request of the principal. @throws {RateLimited} */
  readonly admit: (principal: Principal) => void;
  /** The document of a request that is not too much, else why it is. */
  readonly limit: (request: GraphRequest) => DocumentNode | readonly GraphQLError[];
  /** What such a request costs, for who wants to know; null where its document has no operation of that name. */
  readonly costOf?: (document: DocumentNode, request: Omit<GraphRequest, "query">) => Cost | null;
  /** What becomes of a result, its errors formatted, before it is sent. */
  readonly finish: (
    result: FormattedExecutionResult<Record<string, unknown>>,
    isMutation: boolean,
  ) => FormattedExecutionResult<Record<string, unknown>>;
  /** On top of those of the GraphQL specification. */
  readonly validationRules: readonly ValidationRule[];
  /**
   * Made anew for each request and each event, so that what it loads is never stale. `url` is where clients reach us;
   * `gone` is aborted when nobody waits for the answer any more.
   */
  readonly context: (principal: Principal, url: string, gone: AbortSignal) => object | Promise<object>;
  readonly formatError: (error: GraphQLError) => GraphQLFormattedError;
  /** Told why the database could not answer, for the operator: the client is told only that it could not. */
  readonly onBusy: (cause: unknown) => void;
}
