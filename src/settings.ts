/** How much the log tells, most first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Every setting with its default and what it does: the source of .env.example and of docs/reference/settings.md. */
export const SETTINGS = [
  { name: "HEADWAY_HOST", default: "127.0.0.1", does: "Address to listen on." },
  { name: "HEADWAY_PORT", default: "4000", does: "Port to listen on; 0 picks a free one and prints it." },
  {
    name: "HEADWAY_PUBLIC_URL",
    default: "",
    does: "Public URL of this API, used in the URLs of uploads and artifacts. Empty: HEADWAY_HOST and HEADWAY_PORT.",
  },
  {
    name: "HEADWAY_ALLOWED_ORIGINS",
    default: "*",
    does: "Origins (such as https://app.example.com) whose pages may call this API, separated by commas; * for any. Pages need a key in any case. Restrict this if only the network protects the API.",
  },
  { name: "HEADWAY_DATA_DIR", default: ".headway", does: "Folder of the embedded Postgres and of stored files." },
  {
    name: "HEADWAY_ROLES",
    default: "api,worker,reconciler",
    does: "Roles of this process, separated by commas. Running fewer than all three requires DATABASE_URL.",
  },
  {
    name: "HEADWAY_PIPELINES",
    default: "",
    does: "Files (.js, .mjs, .ts, .mts) and folders with your own pipelines, separated by commas.",
  },
  {
    name: "HEADWAY_WORKER_PROCESSES",
    default: "1",
    does: "Number of worker processes to start; auto starts one per core. This process then runs no pipeline handlers. 0 runs the worker in this process, which helps to debug pipelines.",
  },
  { name: "HEADWAY_CONCURRENCY", default: "8", does: "Number of tasks that each worker runs at once." },
  {
    name: "HEADWAY_LEASE_MS",
    default: "30000",
    does: "Length of a lease, the time for which a worker owns a task. Heartbeats renew it; when it expires, the task returns to the queue.",
  },
  { name: "HEADWAY_HEARTBEAT_MS", default: "10000", does: "Interval at which a worker renews its leases." },
  { name: "HEADWAY_SWEEP_MS", default: "5000", does: "Interval of the reconciler's sweep, which recovers lost tasks." },
  { name: "HEADWAY_POLL_MS", default: "2000", does: "Interval at which an idle worker polls Postgres for work." },
  {
    name: "HEADWAY_GRACE_MS",
    default: "25000",
    does: "Time that a shutdown may take. Running work gets all but the last two seconds.",
  },
  {
    name: "HEADWAY_DRAIN_MS",
    default: "2000",
    does: "Time after SIGTERM in which /readyz answers 503 and requests are still served; at most a quarter of HEADWAY_GRACE_MS. Set it longer than your load balancer needs to notice.",
  },
  {
    name: "HEADWAY_CANCEL_DEADLINE_MS",
    default: "15000",
    does: "Time that a cancelled or timed-out handler may take to stop. After that, its process is replaced.",
  },
  {
    name: "HEADWAY_CRASH_LIMIT",
    default: "3",
    does: "Number of crashes in one stage after which a task fails as POISONED. A crash is the death of its child process, or of a worker that ran only this task.",
  },
  {
    name: "HEADWAY_RETENTION_DAYS",
    default: "",
    does: "Default number of days until a collection expires. Empty: never.",
  },
  {
    name: "HEADWAY_STATISTICS_DAYS",
    default: "30",
    does: "Days for which statistics are kept. Estimates use them too. 0: no statistics.",
  },
  { name: "HEADWAY_MAX_DOCUMENT_BYTES", default: "200000000", does: "Maximum size of a document, in bytes." },
  {
    name: "HEADWAY_FILE_ROOTS",
    default: "",
    does: "Folders from which file: sources may be read, separated by commas. Empty: none.",
  },
  {
    name: "HEADWAY_ALLOWED_NETWORKS",
    default: "",
    does: "Private networks (such as 10.1.0.0/16) from which http: and https: sources may be read, at any port, in addition to public addresses at ports 80 and 443. Separated by commas.",
  },
  {
    name: "HEADWAY_WEBHOOK_HOSTS",
    default: "",
    does: "Hosts (such as hooks.internal or 10.1.2.3:8080) that webhooks may call by http: or https:, in addition to public hosts by https:. Separated by commas.",
  },
  {
    name: "HEADWAY_S3_SOURCES",
    default: "",
    does: "Places (such as s3://bucket/folder) from which s3: sources may be read, separated by commas. Empty: none.",
  },
  {
    name: "HEADWAY_BLOBS",
    default: "",
    does: "Storage of uploads, downloads and artifacts: s3://bucket/prefix. Empty: HEADWAY_DATA_DIR.",
  },
  {
    name: "HEADWAY_S3_ENDPOINT",
    default: "",
    does: "URL of an S3-compatible store. Empty: Amazon S3.",
  },
  {
    name: "HEADWAY_EMBEDDER",
    default: "local",
    does: "Embedding provider: local (a sentence model from npm, 512 dimensions), openai (HEADWAY_OPENAI_URL) or hash (feature hashing, for tests).",
  },
  {
    name: "HEADWAY_REQUESTS_PER_SECOND",
    default: "100",
    does: "Maximum number of requests per key and second, over HTTP and WebSocket together. More are rejected with RATE_LIMITED.",
  },
  {
    name: "HEADWAY_MAX_RESPONSE_BYTES",
    default: "8000000",
    does: "Maximum size of a response, in bytes. Larger ones are rejected with RESPONSE_TOO_LARGE. Headway reads up to four times as much from the database.",
  },
  { name: "HEADWAY_INTROSPECTION", default: "true", does: "Whether clients may use introspection." },
  {
    name: "HEADWAY_CONSOLE",
    default: "true",
    does: "Whether the API serves the web console. /explore is always served.",
  },
  {
    name: "HEADWAY_OPENAI_URL",
    default: "",
    does: "Base URL of the openai embedding provider, such as https://api.openai.com/v1.",
  },
  { name: "HEADWAY_OPENAI_KEY", default: "", does: "API key of that server, if it needs one." },
  { name: "HEADWAY_OPENAI_MODEL", default: "text-embedding-3-small", does: "Embedding model of that server." },
  {
    name: "HEADWAY_TRANSCRIBER_URL",
    default: "",
    does: "Base URL of a speech-to-text server with the OpenAI protocol. Empty: audio and video get a warning instead of a transcript.",
  },
  { name: "HEADWAY_TRANSCRIBER_KEY", default: "", does: "API key of that server, if it needs one." },
  { name: "HEADWAY_TRANSCRIBER_MODEL", default: "whisper-1", does: "Transcription model of that server." },
  {
    name: "HEADWAY_LOG_LEVEL",
    default: "info",
    does: "Log level: debug, info, warn, error or silent. The log is written as JSON lines to standard error.",
  },
  {
    name: "DATABASE_URL",
    default: "",
    does: "URL of a Postgres database, version 15 or newer. Empty: an embedded Postgres in HEADWAY_DATA_DIR.",
  },
  {
    name: "HEADWAY_DATABASE_DIRECT_URL",
    default: "",
    does: "URL of the same database without a connection pooler, for LISTEN and migrations. Needed only if DATABASE_URL points to a pooler.",
  },
  {
    name: "HEADWAY_DATABASE_CONNECTIONS",
    default: "",
    does: "Maximum number of database connections for work (leases, results, heartbeats, sweeps) of this process and its workers. Empty: 8, plus 3 for the process that runs suspects, plus 6 and HEADWAY_CONCURRENCY for each worker, at most 40, or 80 with several workers; 8 without workers.",
  },
  {
    name: "HEADWAY_DATABASE_API_CONNECTIONS",
    default: "10",
    does: "Maximum number of database connections for client requests. A request that gets none within 5 s is rejected with SERVICE_BUSY.",
  },
  {
    name: "HEADWAY_DATABASE_SCHEMA",
    default: "",
    does: "Database schema of Headway. Empty: `?schema=` of DATABASE_URL, or headway.",
  },
  {
    name: "REDIS_URL",
    default: "",
    does: "URL of Redis, which carries hints between processes: redis:// or rediss://, redis+sentinel://a:26379,b:26379/NAME, redis+cluster://a,b. Empty: hints stay in this process, and other processes poll.",
  },
  {
    name: "HEADWAY_REDIS_PREFIX",
    default: "",
    does: "Prefix of every key in Redis. Installations that share a Redis need different prefixes. Empty: the name of the schema.",
  },
  {
    name: "HEADWAY_URL",
    default: "",
    does: "For commands: URL of the server. Empty: HEADWAY_HOST and HEADWAY_PORT.",
  },
  {
    name: "HEADWAY_KEY",
    default: "",
    does: "For commands: API key. Empty: the development key in HEADWAY_DATA_DIR, if there is one.",
  },
  { name: "AWS_REGION", default: "us-east-1", does: "S3 region." },
  {
    name: "AWS_ACCESS_KEY_ID",
    default: "",
    does: "Access key for S3. Empty: the default credentials of the AWS SDK, such as the machine's role.",
  },
  { name: "AWS_SECRET_ACCESS_KEY", default: "", does: "Secret of that access key." },
  { name: "AWS_SESSION_TOKEN", default: "", does: "Session token, if the access key is temporary." },
] as const;
export type SettingName = (typeof SETTINGS)[number]["name"];

/** The table of settings in docs/reference/settings.md. */
export function settingsTable(): string {
  const rows = SETTINGS.map(
    ({ name, default: byDefault, does }) => `| \`${name}\` | ${byDefault === "" ? "" : `\`${byDefault}\``} | ${does} |`,
  );
  return ["| setting | default | what it does |", "| --- | --- | --- |", ...rows].join("\n");
}

/** The text of .env.example. */
export function envExample(): string {
  const lines = SETTINGS.flatMap(({ name, default: byDefault, does }) => [`# ${does}`, `${name}=${byDefault}`, ""]);
  return ["# Every setting of Headway with its default.", "", ...lines].join("\n");
}

/** What in an environment looks like a setting and is none, each with the one that may have been meant. */
export function unknownNames(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set<string>(SETTINGS.map(({ name }) => name));
  return Object.keys(env)
    .filter((name) => name.startsWith("HEADWAY_") && !known.has(name) && !/^HEADWAY_(TEST_|FAILPOINT)/.test(name))
    .map((name) => `${name} is not a setting of Headway; did you mean ${nearestName(name)}?`);
}

/** The known name that takes the fewest edits to reach. */
function nearestName(name: string): string {
  return SETTINGS.map((setting) => ({ name: setting.name, distance: editDistance(name, setting.name) })).sort(
    (a, b) => a.distance - b.distance,
  )[0]!.name;
}

/** Levenshtein distance, row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
