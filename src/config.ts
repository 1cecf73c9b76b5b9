import path from "node:path";
import { z } from "zod";
import { connectionsFor, databaseUrl, schemaIn, schemaName, withoutSchema } from "./config/database.js";
import { environmentOfChildren } from "./config/environment.js";
import { relations } from "./config/relations.js";
import { redisPrefix, redisUrl } from "./config/redis-url.js";
import { blobsPlace, entriesOf, networks, origins, s3Places, type Network } from "./config/places.js";
import { shownValue, url, urlHere, whole, wholeOrCores, wholeOrNone, withoutSlash } from "./config/values.js";
import { ConfigError } from "./errors.js";
import { PROCESS_ROLES, type ProcessRole } from "./config/process-roles.js";
import { LOG_LEVELS, SETTINGS, unknownNames, type SettingName } from "./settings.js";

/** A server that speaks OpenAI's protocol; the URL without a slash at its end. */
export interface ModelServer {
  readonly url: string;
  readonly key: string | null;
  readonly model: string;
}

/** All settings of one process, checked. Paths are absolute; `null` for a URL means the embedded default. */
export interface Config {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Where clients find this API from outside, without a slash at its end; null: at host and port. */
  readonly publicUrl: string | null;
  /** Origins whose pages may ask; null: any. */
  readonly allowedOrigins: readonly string[] | null;
  readonly dataDir: string;
  readonly roles: readonly ProcessRole[];
  readonly pipelineFiles: readonly string[];
  /** Processes that run workers under this one; 0: this one runs its worker itself. */
  readonly workerProcesses: number;
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly sweepMs: number;
  readonly pollMs: number;
  readonly graceMs: number;
  readonly drainMs: number;
  readonly cancelDeadlineMs: number;
  readonly crashLimit: number;
  /** Null: collections don't expire unless they say so. */
  readonly retentionDays: number | null;
  /** 0: no statistics are made. */
  readonly statisticsDays: number;
  readonly maxDocumentBytes: number;
  readonly fileRoots: readonly string[];
  readonly allowedNetworks: readonly Network[];
  /** Such as "s3://bucket/folder", without a slash at the end. */
  readonly s3Sources: readonly string[];
  /** Null: below dataDir. */
  readonly blobsUrl: string | null;
  readonly s3: S3Settings;
  readonly requestsPerSecond: number;
  readonly maxResponseBytes: number;
  readonly introspection: boolean;
  /** Whether the API serves the console. */
  readonly console: boolean;
  readonly embedder: "local" | "openai" | "hash";
  /** The server of the embedder "openai"; null where none is set. */
  readonly openai: ModelServer | null;
  /** The server that writes down speech; null where none is set. */
  readonly transcriber: ModelServer | null;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Without the parameter `schema`, which says the same as databaseSchema. */
  readonly databaseUrl: string | null;
  /** The same database, past a pooler; null where databaseUrl does for everything. */
  readonly databaseDirectUrl: string | null;
  readonly databaseSchema: string;
  /** Of the pools that work lives on: this process's, and those of its workers. */
  readonly databaseConnections: number;
  /** Of the pool that clients' requests have. */
  readonly databaseApiConnections: number;
  readonly redisUrl: string | null;
  /** Null: the name of the schema. */
  readonly redisPrefix: string | null;
  /** The server that commands talk to, without a slash at its end. */
  readonly clientUrl: string;
  /** The key that commands show; null where none is set. */
  readonly clientKey: string | null;
  /** Whether NODE_ENV says that this is no place to try things out. */
  readonly isProduction: boolean;
  /** A place where a test wants this process to fail; null but in tests. */
  readonly failpoint: string | null;
  /** What child processes may see of this one's environment: no setting, no secret. */
  readonly childEnvironment: Readonly<Record<string, string | undefined>>;
}

/** How S3 is reached. */
export interface S3Settings {
  /** Null: Amazon's own for the region. */
  readonly endpoint: string | null;
  readonly region: string;
  /** Null: found by the SDK itself. */
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  } | null;
}

const absoluteList = z.string().transform((value) => entriesOf(value).map((entry) => path.resolve(entry)));

const SCHEMA = {
  HEADWAY_HOST: z.string().min(1, "it must be an address or a host name, because the server listens there"),
  HEADWAY_PORT: whole(0, 65_535, "it is a TCP port; 0 picks a free one"),
  HEADWAY_PUBLIC_URL: url(["http:", "https:"], "uploads and artifacts are sent and fetched there"),
  HEADWAY_ALLOWED_ORIGINS: origins,
  HEADWAY_DATA_DIR: z
    .string()
    .min(1, "it must be a folder, because the database and files are kept there")
    .transform((value) => path.resolve(value)),
  HEADWAY_ROLES: z.string().transform((value, context): readonly ProcessRole[] => {
    const roles = entriesOf(value);
    if (roles.length > 0 && roles.every((role) => (PROCESS_ROLES as readonly string[]).includes(role)))
      return [...new Set(roles)] as ProcessRole[];
    context.addIssue({
      code: "custom",
      message: `it must be some of ${PROCESS_ROLES.join(", ")}, separated by commas, because a process is nothing else`,
    });
    return z.NEVER;
  }),
  HEADWAY_PIPELINES: absoluteList,
  HEADWAY_WORKER_PROCESSES: wholeOrCores(0, 256, "each is a process of its own"),
  HEADWAY_CONCURRENCY: whole(
    1,
    1_000,
    "a worker runs at least one task, and more than 1,000 at once only wait for each other",
  ),
  HEADWAY_LEASE_MS: whole(1_000, 600_000, "heartbeats run at a third of it"),
  HEADWAY_HEARTBEAT_MS: whole(100, 200_000, "it renews leases"),
  HEADWAY_SWEEP_MS: whole(100, 600_000, "it rescues what was left behind"),
  HEADWAY_POLL_MS: whole(50, 600_000, "it stands behind every hint"),
  HEADWAY_GRACE_MS: whole(0, 600_000, "running work gets this long when the process stops"),
  HEADWAY_DRAIN_MS: whole(0, 600_000, "requests are served this long after the process has said that it is not ready"),
  HEADWAY_CANCEL_DEADLINE_MS: whole(100, 600_000, "running work gets this long to stop when it is cancelled"),
  HEADWAY_REQUESTS_PER_SECOND: whole(1, 1_000_000, "it is counted for each key"),
  HEADWAY_MAX_RESPONSE_BYTES: whole(100_000, 100_000_000, "an answer is held in memory as a whole"),
  HEADWAY_INTROSPECTION: z
    .enum(["true", "false"], "it must be true or false, because clients may ask for the schema or not")
    .transform((value) => value === "true"),
  HEADWAY_CONSOLE: z
    .enum(["true", "false"], "it must be true or false, because the console is served or not")
    .transform((value) => value === "true"),
  HEADWAY_CRASH_LIMIT: whole(1, 100, "a task that kills its workers must end"),
  HEADWAY_RETENTION_DAYS: wholeOrNone(1, 36_500, "a collection is kept for at least a day"),
  HEADWAY_STATISTICS_DAYS: whole(0, 3_650, "statistics are kept for so many days, or not made at all"),
  HEADWAY_MAX_DOCUMENT_BYTES: whole(1, 10_000_000_000, "larger documents are refused"),
  HEADWAY_FILE_ROOTS: absoluteList,
  HEADWAY_ALLOWED_NETWORKS: networks,
  HEADWAY_S3_SOURCES: s3Places,
  HEADWAY_BLOBS: blobsPlace,
  HEADWAY_S3_ENDPOINT: url(["http:", "https:"], "S3 is spoken over HTTP"),
  AWS_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, "it must be a region such as eu-central-1, because requests are signed for one"),
  AWS_ACCESS_KEY_ID: z.string(),
  AWS_SECRET_ACCESS_KEY: z.string(),
  AWS_SESSION_TOKEN: z.string(),
  HEADWAY_EMBEDDER: z.enum(
    ["local", "openai", "hash"],
    "it must be local, openai or hash, because these are the embedders there are",
  ),
  HEADWAY_OPENAI_URL: url(["http:", "https:"], "the embedder asks it for vectors"),
  HEADWAY_OPENAI_KEY: z.string(),
  HEADWAY_OPENAI_MODEL: z.string(),
  HEADWAY_TRANSCRIBER_URL: url(["http:", "https:"], "it is asked to write down speech"),
  HEADWAY_TRANSCRIBER_KEY: z.string(),
  HEADWAY_TRANSCRIBER_MODEL: z.string(),
  HEADWAY_LOG_LEVEL: z.enum(
    LOG_LEVELS,
    `it must be one of ${LOG_LEVELS.join(", ")}, because the log knows no other level`,
  ),
  DATABASE_URL: databaseUrl,
  HEADWAY_DATABASE_DIRECT_URL: databaseUrl,
  HEADWAY_DATABASE_CONNECTIONS: wholeOrNone(2, 1_000, "a heartbeat must find one while another is in use"),
  HEADWAY_DATABASE_API_CONNECTIONS: whole(1, 1_000, "clients' requests need at least one"),
  REDIS_URL: redisUrl,
  HEADWAY_REDIS_PREFIX: redisPrefix,
  HEADWAY_DATABASE_SCHEMA: schemaName,
  HEADWAY_URL: url(["http:", "https:"], "commands speak GraphQL over it"),
  HEADWAY_KEY: z.string().regex(/^[\x21-\x7e]*$/, "it must be a key without blanks, because it is sent in a header"),
} satisfies Record<SettingName, z.ZodType>;

/**
 * The settings of this process, from its environment; an empty value counts as absent.
 * @throws {ConfigError} naming every wrong setting at once: its value, what it must be, and why
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const faults = unknownNames(env);
  const values: Record<string, unknown> = {};
  for (const { name, default: byDefault } of SETTINGS) {
    const given = env[name] || byDefault;
    const parsed = (SCHEMA[name] as z.ZodType).safeParse(given);
    if (parsed.success) values[name] = parsed.data;
    else faults.push(`${name} is ${shownValue(name, given)}; ${parsed.error.issues[0]!.message}.`);
  }
  faults.push(...relations(values));
  if (faults.length > 0) throw new ConfigError(faults.join("\n"), { faults });
  const failpoint = env.HEADWAY_FAILPOINT || null;
  const isProduction = env.NODE_ENV === "production";
  return {
    ...toConfig(values as { [Name in SettingName]: never }),
    isProduction,
    failpoint,
    childEnvironment: environmentOfChildren(env),
  };
}

function toConfig(values: { [Name in SettingName]: never }): Omit<
  Config,
  "isProduction" | "failpoint" | "childEnvironment"
> {
  return {
    host: values.HEADWAY_HOST,
    port: values.HEADWAY_PORT,
    publicUrl: values.HEADWAY_PUBLIC_URL === null ? null : withoutSlash(values.HEADWAY_PUBLIC_URL),
    allowedOrigins: values.HEADWAY_ALLOWED_ORIGINS,
    dataDir: values.HEADWAY_DATA_DIR,
    roles: values.HEADWAY_ROLES,
    pipelineFiles: values.HEADWAY_PIPELINES,
    workerProcesses: values.HEADWAY_WORKER_PROCESSES,
    concurrency: values.HEADWAY_CONCURRENCY,
    leaseMs: values.HEADWAY_LEASE_MS,
    heartbeatMs: values.HEADWAY_HEARTBEAT_MS,
    sweepMs: values.HEADWAY_SWEEP_MS,
    pollMs: values.HEADWAY_POLL_MS,
    graceMs: values.HEADWAY_GRACE_MS,
    drainMs: values.HEADWAY_DRAIN_MS,
    cancelDeadlineMs: values.HEADWAY_CANCEL_DEADLINE_MS,
    crashLimit: values.HEADWAY_CRASH_LIMIT,
    retentionDays: values.HEADWAY_RETENTION_DAYS,
    statisticsDays: values.HEADWAY_STATISTICS_DAYS,
    maxDocumentBytes: values.HEADWAY_MAX_DOCUMENT_BYTES,
    fileRoots: values.HEADWAY_FILE_ROOTS,
    allowedNetworks: values.HEADWAY_ALLOWED_NETWORKS,
    s3Sources: values.HEADWAY_S3_SOURCES,
    blobsUrl: values.HEADWAY_BLOBS,
    s3: {
      endpoint: values.HEADWAY_S3_ENDPOINT,
      region: values.AWS_REGION,
      credentials: values.AWS_ACCESS_KEY_ID
        ? {
            accessKeyId: values.AWS_ACCESS_KEY_ID,
            secretAccessKey: values.AWS_SECRET_ACCESS_KEY,
            ...(values.AWS_SESSION_TOKEN ? { sessionToken: values.AWS_SESSION_TOKEN } : {}),
          }
        : null,
    },
    embedder: values.HEADWAY_EMBEDDER,
    requestsPerSecond: values.HEADWAY_REQUESTS_PER_SECOND,
    maxResponseBytes: values.HEADWAY_MAX_RESPONSE_BYTES,
    introspection: values.HEADWAY_INTROSPECTION,
    console: values.HEADWAY_CONSOLE,
    openai: modelServer(values.HEADWAY_OPENAI_URL, values.HEADWAY_OPENAI_KEY, values.HEADWAY_OPENAI_MODEL),
    transcriber: modelServer(
      values.HEADWAY_TRANSCRIBER_URL,
      values.HEADWAY_TRANSCRIBER_KEY,
      values.HEADWAY_TRANSCRIBER_MODEL,
    ),
    logLevel: values.HEADWAY_LOG_LEVEL,
    databaseUrl: values.DATABASE_URL === null ? null : withoutSchema(values.DATABASE_URL),
    databaseDirectUrl:
      values.HEADWAY_DATABASE_DIRECT_URL === null ? null : withoutSchema(values.HEADWAY_DATABASE_DIRECT_URL),
    databaseSchema: values.HEADWAY_DATABASE_SCHEMA || schemaIn(values.DATABASE_URL) || "headway",
    databaseConnections: values.HEADWAY_DATABASE_CONNECTIONS ?? connectionsFor(values),
    databaseApiConnections: values.HEADWAY_DATABASE_API_CONNECTIONS,
    redisUrl: values.REDIS_URL,
    redisPrefix: values.HEADWAY_REDIS_PREFIX,
    clientUrl: withoutSlash(values.HEADWAY_URL ?? urlHere(values.HEADWAY_HOST, values.HEADWAY_PORT)),
    clientKey: values.HEADWAY_KEY || null,
  };
}

function modelServer(url: string | null, key: string, model: string): ModelServer | null {
  return url === null ? null : { url: withoutSlash(url), key: key === "" ? null : key, model };
}
