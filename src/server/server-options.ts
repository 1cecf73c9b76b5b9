import type { SignIn } from "../access/sign-in.js";
import type { ApiDeps } from "../graphql/context.js";
import type { Logger } from "../logger.js";
import type { ConnectionBounds } from "./connections.js";
import type { Check } from "./health.js";
import type { MetricsDeps } from "./metrics.js";

/** How a server is set up; times are in milliseconds. */
export interface ServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly logger: Logger;
  /** Read at each request: more may be added after the start. */
  readonly checks: readonly Check[];
  /** Asked for /metrics; null where there is nothing to be measured. */
  readonly measured: Omit<MetricsDeps, "logger"> | null;
  /** Null where this process serves no API, but health only. */
  readonly api: Omit<ApiDeps, "publicUrl" | "logger"> | null;
  /** How often the keys of open sockets are looked at again. Default 10,000. */
  readonly recheckKeysMs?: number;
  /** How long a socket may be open without having named a key. Default 10,000. */
  readonly authTimeoutMs?: number;
  /** Of one key; default 100. */
  readonly requestsPerSecond?: number;
  /** Of one answer, in bytes; default 8,000,000. */
  readonly maxResponseBytes?: number;
  /** Whether clients may ask for the schema; default true. */
  readonly introspection?: boolean;
  /** How many connections may be open without a key, and how fast answers must be read; see Connections. */
  readonly connections?: ConnectionBounds;
  /** Origins whose pages may ask, such as "https://app.example.com"; any when absent or null. */
  readonly allowedOrigins?: readonly string[] | null;
  /** Whether `/` and the addresses below it are the console; default false: `/` leads to Explore. */
  readonly console?: boolean;
  /** Gives links that sign in to the console; none are given when absent or null. */
  readonly signIn?: SignIn | null;
  /** Where clients find it, as with a proxy in front; where it listens when absent or null. */
  readonly publicUrl?: string | null;
}
