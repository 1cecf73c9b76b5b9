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
    does: "Where clients find this API, for the addresses of uploads and artifacts. Empty: at HEADWAY_HOST and HEADWAY_PORT.",
  },
  {
    name: "HEADWAY_ALLOWED_ORIGINS",
    default: "*",
    does: "Origins (such as https://app.example.com) whose pages may ask here, separated by commas; * for any. A page needs a key all the same: narrow it where the network alone protects this API.",
  },
  { name: "HEADWAY_DATA_DIR", default: ".headway", does: "Folder of the embedded Postgres and of stored files." },
  {
    name: "HEADWAY_ROLES",
    default: "api,worker,reconciler",
    does: "What this process is. Fewer than all three need DATABASE_URL.",
  },
  {
    name: "HEADWAY_PIPELINES",
    default: "",
    does: "Files (.js, .mjs, .ts, .mts) and folders of your own pipelines, separated by commas.",
  },
  {
    name: "HEADWAY_WORKER_PROCESSES",
    default: "1",
    does: "Processes that run workers, under this one, which then runs no handlers of pipelines; auto for one a core. 0 runs the worker in this process, to debug pipelines in.",
  },
  { name: "HEADWAY_CONCURRENCY", default: "8", does: "Tasks that each worker runs at once." },
  {
    name: "HEADWAY_LEASE_MS",
    default: "30000",
    does: "A worker's right to a task; renewed by heartbeats, rescued when it passes.",
  },
  { name: "HEADWAY_HEARTBEAT_MS", default: "10000", does: "How often a worker renews its leases." },
  { name: "HEADWAY_SWEEP_MS", default: "5000", does: "How often the reconciler looks for what was left behind." },
  { name: "HEADWAY_POLL_MS", default: "2000", does: "How often an idle worker asks Postgres for work by itself." },
  {
    name: "HEADWAY_GRACE_MS",
    default: "25000",
    does: "How long a stop may take; running work gets all but the last two seconds of it.",
  },
  {
    name: "HEADWAY_DRAIN_MS",
    default: "2000",
    does: "After SIGTERM /readyz answers 503 and requests are still served for this long, at most a quarter of HEADWAY_GRACE_MS. Longer than a load balancer takes to notice.",
  },
  {
    name: "HEADWAY_CANCEL_DEADLINE_MS",
    default: "15000",
    does: "How long a handler that is to stop may take to: when it is cancelled, and at its time-out. Then its process is replaced.",
  },
  {
    name: "HEADWAY_CRASH_LIMIT",
    default: "3",
    does: "After so many crashes in one stage a task fails as POISONED: its worker died while it ran nothing else, or its child process did.",
  },
  {
    name: "HEADWAY_RETENTION_DAYS",
    default: "",
    does: "Days until a collection expires that names no time of its own. Empty: never.",
  },
  {
    name: "HEADWAY_STATISTICS_DAYS",
    default: "30",
    does: "Days that statistics of throughput and times are kept, from which estimates are made too. 0: none are made.",
  },
  { name: "HEADWAY_MAX_DOCUMENT_BYTES", default: "200000000", does: "Largest document." },
  {
    name: "HEADWAY_FILE_ROOTS",
    default: "",
    does: "Folders that file: sources may be read from, separated by commas. None by default.",
  },
  {
    name: "HEADWAY_ALLOWED_NETWORKS",
    default: "",
    does: "Networks (such as 10.1.0.0/16) that http: and https: sources may lie in, at any port, beside public addresses at 80 and 443.",
  },
  {
    name: "HEADWAY_WEBHOOK_HOSTS",
    default: "",
    does: "Hosts (such as hooks.internal or 10.1.2.3:8080) that webhooks may lead to beside public ones at https, separated by commas; these by http too.",
  },
  {
    name: "HEADWAY_S3_SOURCES",
    default: "",
    does: "Places (such as s3://bucket/folder) that s3: sources may be read from, separated by commas. None by default.",
  },
  {
    name: "HEADWAY_BLOBS",
    default: "",
    does: "Where uploads, downloads and artifacts are kept: s3://bucket/prefix. Empty: in HEADWAY_DATA_DIR.",
  },
  {
    name: "HEADWAY_S3_ENDPOINT",
    default: "",
    does: "Address of an S3-compatible store. Empty: Amazon's own.",
  },
  {
    name: "HEADWAY_EMBEDDER",
    default: "local",
    does: "local (a sentence model from npm, 512 dimensions), openai (HEADWAY_OPENAI_URL) or hash (feature hashing, for tests).",
  },
  {
    name: "HEADWAY_REQUESTS_PER_SECOND",
    default: "100",
    does: "Requests of one key a second, over both transports together; more are refused with RATE_LIMITED.",
  },
  {
    name: "HEADWAY_MAX_RESPONSE_BYTES",
    default: "8000000",
    does: "Largest answer to one request; a larger one is refused with RESPONSE_TOO_LARGE. Four times as much is read for it.",
  },
  { name: "HEADWAY_INTROSPECTION", default: "true", does: "Whether clients may ask for the schema." },
  {
    name: "HEADWAY_CONSOLE",
    default: "true",
    does: "Whether the API serves the console, its page for people; /explore is there either way.",
  },
  {
    name: "HEADWAY_OPENAI_URL",
    default: "",
    does: "Server of the embedder openai, with its version, such as https://api.openai.com/v1.",
  },
  { name: "HEADWAY_OPENAI_KEY", default: "", does: "Its key, where it wants one." },
  { name: "HEADWAY_OPENAI_MODEL", default: "text-embedding-3-small", does: "Its embedding model." },
  {
    name: "HEADWAY_TRANSCRIBER_URL",
    default: "",
    does: "Server that writes down speech by the same protocol. Empty: sound and film get a warning instead.",
  },
  { name: "HEADWAY_TRANSCRIBER_KEY", default: "", does: "Its key, where it wants one." },
  { name: "HEADWAY_TRANSCRIBER_MODEL", default: "whisper-1", does: "Its transcription model." },
  {
    name: "HEADWAY_LOG_LEVEL",
    default: "info",
    does: "debug, info, warn, error or silent; JSON lines on standard error.",
  },
  { name: "DATABASE_URL", default: "", does: "Postgres 15 or newer. Empty: an embedded one in HEADWAY_DATA_DIR." },
  {
    name: "HEADWAY_DATABASE_DIRECT_URL",
    default: "",
    does: "The same database without a connection pooler, for LISTEN and migrations. Needed only where DATABASE_URL leads to a pooler.",
  },
  {
    name: "HEADWAY_DATABASE_CONNECTIONS",
    default: "",
    does: "Connections for leases, results, heartbeats and sweeps, of this process and its workers together. Empty: 8, 3 for the process that suspects run in, and 6 and HEADWAY_CONCURRENCY for each worker, at most 40, or 80 with several workers; 8 where no worker runs.",
  },
  {
    name: "HEADWAY_DATABASE_API_CONNECTIONS",
    default: "10",
    does: "Connections for what clients ask. A request that finds none free in 5 s is refused with SERVICE_BUSY.",
  },
  {
    name: "HEADWAY_DATABASE_SCHEMA",
    default: "",
    does: "The schema that holds everything of Headway. Empty: `?schema=` of DATABASE_URL, else headway.",
  },
  {
    name: "REDIS_URL",
    default: "",
    does: "Redis for hints: redis:// or rediss://, redis+sentinel://a:26379,b:26379/NAME, redis+cluster://a,b. Empty: hints stay in this process, and other processes poll.",
  },
  {
    name: "HEADWAY_REDIS_PREFIX",
    default: "",
    does: "First word of every key in Redis: installations that share a Redis need one each. Empty: the schema's name.",
  },
  {
    name: "HEADWAY_URL",
    default: "",
    does: "For commands: the server to talk to. Empty: the one at HEADWAY_HOST and HEADWAY_PORT.",
  },
  {
    name: "HEADWAY_KEY",
    default: "",
    does: "For commands: the API key to show. Empty: the development key in HEADWAY_DATA_DIR, where there is one.",
  },
  { name: "AWS_REGION", default: "us-east-1", does: "Region of S3." },
  {
    name: "AWS_ACCESS_KEY_ID",
    default: "",
    does: "Key for S3. Empty: as Amazon's SDK finds one, such as the machine's role.",
  },
  { name: "AWS_SECRET_ACCESS_KEY", default: "", does: "The secret of that key." },
  { name: "AWS_SESSION_TOKEN", default: "", does: "Its session, where the key is a temporary one." },
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
    .map((name) => `${name} is no setting of Headway; did you mean ${nearestName(name)}?`);
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
