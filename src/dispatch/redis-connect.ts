import { Cluster, Redis, type RedisOptions } from "ioredis";
import { parseRedisUrl } from "../config/redis-url.js";

/** A steady second at most, so that a Redis that is back is found at once. */
const RECONNECT_MAX_MS = 1_000;

const reconnectAfter = (times: number): number => Math.min(times * 50, RECONNECT_MAX_MS);

const COMMON: RedisOptions = {
  // Bull refuses shared connections that have a ready check or give up on a command.
  enableReadyCheck: false,
  maxRetriesPerRequest: null,
  connectTimeout: 3_000,
  keepAlive: 10_000,
  retryStrategy: reconnectAfter,
  // After a failover the old primary answers READONLY forever; the address has another one behind it by now.
  reconnectOnError: (error) => error.message.startsWith("READONLY"),
};

/** One server, whatever stands behind the address. */
export type RedisConnection = Redis | Cluster;

/**
 * Connects to what REDIS_URL names, and goes on trying: `redis://` and `rediss://` one server,
 * `redis+sentinel://a:26379,b:26379/NAME` the primary that sentinels know as NAME, `redis+cluster://a,b` a cluster.
 * User, password and, but for a cluster, `?db=N` are the server's own; `rediss+sentinel://` and `rediss+cluster://`
 * speak TLS, to sentinels as well.
 */
export function connectRedis(url: string): RedisConnection {
  const { scheme, nodes, name, options } = parseRedisUrl(url);
  const tls = scheme.startsWith("rediss") ? { tls: {} } : {};
  const common: RedisOptions = { ...COMMON, ...options, ...tls };
  if (scheme.endsWith("cluster")) {
    return new Cluster([...nodes], {
      redisOptions: common,
      enableReadyCheck: false,
      clusterRetryStrategy: reconnectAfter,
      // A host name in a certificate is the one that was asked for, not the address that it has.
      dnsLookup: (address, found) => found(null, address),
    });
  }
  if (scheme.endsWith("sentinel")) {
    const sentinel = scheme.startsWith("rediss") ? { sentinelTLS: {}, enableTLSForSentinelMode: true } : {};
    return new Redis({ ...common, ...sentinel, sentinels: [...nodes], name, sentinelRetryStrategy: reconnectAfter });
  }
  return new Redis({ ...common, ...nodes[0]! });
}
