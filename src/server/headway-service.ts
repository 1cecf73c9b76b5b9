import { NoSchemaIntrospectionCustomRule } from "graphql";
import { RateLimited } from "../errors.js";
import { authenticate, type Principal } from "../access/principal.js";
import { createContext, type ApiDeps } from "../graphql/context.js";
import { formatError } from "../graphql/errors.js";
import { withoutTooLarge } from "../graphql/limits/budget.js";
import { costOf, limitRequest } from "../graphql/limits/limits.js";
import { buildHeadwaySchema } from "../graphql/schema.js";
import type { GraphService } from "./graph-service.js";
import { RateLimit } from "./rate-limit.js";
import type { ServerOptions } from "./server-options.js";

const REQUESTS_PER_SECOND = 100;

/** What Headway's own endpoint answers from. */
export async function headwayService(
  options: Pick<
    ServerOptions,
    | "logger"
    | "recheckKeysMs"
    | "authTimeoutMs"
    | "requestsPerSecond"
    | "maxResponseBytes"
    | "introspection"
    | "publicUrl"
  > & {
    readonly api: Omit<ApiDeps, "publicUrl" | "logger">;
  },
): Promise<GraphService<Principal>> {
  const { logger, recheckKeysMs, authTimeoutMs, maxResponseBytes, introspection, publicUrl } = options;
  const { requestsPerSecond = REQUESTS_PER_SECOND } = options;
  const api = { ...options.api, ...(maxResponseBytes === undefined ? {} : { maxResponseBytes }) };
  const schema = await buildHeadwaySchema();
  const rate = new RateLimit(requestsPerSecond);
  const onBusy = (cause: unknown): void => api.deps.onError(cause, "answering a request");
  return {
    schema,
    authenticate: (authorization) => authenticate(api.keys, authorization),
    isValid: ({ keyId }) => api.keys.isGood(keyId),
    ...(recheckKeysMs === undefined ? {} : { recheckMs: recheckKeysMs }),
    ...(authTimeoutMs === undefined ? {} : { authTimeoutMs }),
    idOf: ({ keyId }) => keyId,
    requestsPerSecond,
    admit: ({ countsAs }) => {
      const retryAfterMs = rate.take(countsAs);
      if (retryAfterMs !== null) throw new RateLimited(retryAfterMs);
    },
    limit: (request) => limitRequest(schema, request, maxResponseBytes),
    costOf: (document, request) => costOf(schema, document, request),
    finish: withoutTooLarge,
    validationRules: introspection === false ? [NoSchemaIntrospectionCustomRule] : [],
    context: (principal, here, gone) =>
      createContext({ ...api, logger, publicUrl: publicUrl ?? here }, principal, gone),
    formatError: (error) => formatError(error, logger, onBusy),
    onBusy,
  };
}
