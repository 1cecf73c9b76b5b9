import { NoSchemaIntrospectionCustomRule } from "graphql";
import { RateLimited } from "../errors.js";
import { authenticate, type Viewer } from "../access/principal.js";
import { createContext, type ApiParts } from "../graphql/context.js";
import { formatError } from "../graphql/errors.js";
import { limitRequest } from "../graphql/limits/limits.js";
import { buildHeadwaySchema } from "../graphql/schema.js";
import type { GraphService } from "./graph-service.js";
import { RateLimit } from "./rate-limit.js";
import type { ServerOptions } from "./server.js";

const REQUESTS_PER_SECOND = 100;

/** What Headway's own endpoint answers from. */
export async function headwayService(
  options: Pick<
    ServerOptions,
    "logger" | "recheckKeysMs" | "keylessMs" | "requestsPerSecond" | "introspection" | "publicUrl"
  > & {
    readonly api: Omit<ApiParts, "publicUrl" | "logger">;
  },
): Promise<GraphService<Viewer>> {
  const { api, logger, recheckKeysMs, keylessMs, requestsPerSecond, introspection, publicUrl } = options;
  const schema = await buildHeadwaySchema();
  const rate = new RateLimit(requestsPerSecond ?? REQUESTS_PER_SECOND);
  return {
    schema,
    authenticate: (authorization) => authenticate(api.keys, authorization),
    isStillGood: ({ keyId }) => api.keys.isGood(keyId),
    ...(recheckKeysMs === undefined ? {} : { recheckMs: recheckKeysMs }),
    ...(keylessMs === undefined ? {} : { keylessMs }),
    idOf: ({ keyId }) => keyId,
    admit: ({ keyId }) => {
      const retryAfterMs = rate.take(keyId);
      if (retryAfterMs !== null) throw new RateLimited(retryAfterMs);
    },
    limit: (request) => limitRequest(schema, request),
    validationRules: introspection === false ? [NoSchemaIntrospectionCustomRule] : [],
    context: (viewer, here) => createContext({ ...api, logger, publicUrl: publicUrl ?? here }, viewer),
    formatError: (error) => formatError(error, logger),
  };
}
