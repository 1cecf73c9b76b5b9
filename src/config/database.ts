import { z } from "zod";
import { url } from "./values.js";

/** Names of PostgreSQL may have 63 bytes; those that are made of this one must fit too. */
const SCHEMA_NAME = /^(?!pg_|information_schema$)[A-Za-z_][A-Za-z0-9_]{0,39}$/;
const MUST =
  "it must be a name of letters, digits and _ that does not begin with a digit or pg_, of at most 40 characters, because the tables lie in the schema of that name";

/** The name of a schema; empty where none is given. */
export const schemaName = z.string().refine((value) => value === "" || SCHEMA_NAME.test(value), MUST);

/** The schema that `?schema=` in a database's URL names; null where it names none. */
export function schemaIn(url: string | null): string | null {
  return url === null ? null : new URL(url).searchParams.get("schema");
}

/** The URL without `?schema=`, which the server would not know. */
export function withoutSchema(url: string): string {
  if (schemaIn(url) === null) return url;
  const parsed = new URL(url);
  parsed.searchParams.delete("schema");
  return parsed.href;
}

/** What is wrong with the schemas that the settings name; null when they agree. */
export function schemaFault(set: string, url: string | null, directUrl: string | null): string | null {
  const named = {
    HEADWAY_DATABASE_SCHEMA: set || null,
    DATABASE_URL: schemaIn(url),
    HEADWAY_DATABASE_DIRECT_URL: schemaIn(directUrl),
  };
  const given = Object.entries(named).filter((one): one is [string, string] => one[1] !== null);
  const wrong = given.find(([, schema]) => !SCHEMA_NAME.test(schema));
  if (wrong !== undefined) return `${wrong[0]} names the schema "${wrong[1]}"; ${MUST}.`;
  return new Set(given.map(([, schema]) => schema)).size > 1
    ? `${given.map(([setting, schema]) => `${setting} names the schema "${schema}"`).join(", ")}; leave all but one out, because an installation lies in one schema.`
    : null;
}

/** The address of a Postgres; null where it is empty. A password that is not percent-encoded would lead elsewhere. */
export const databaseUrl = url(["postgres:", "postgresql:"], "Postgres keeps the truth").superRefine(
  (value, context) => {
    if (value === null) return;
    const { pathname, search, hash } = new URL(value);
    const isCut = pathname.includes("@") || hash !== "" || (pathname.length < 2 && search.includes("@"));
    if (!isCut) return;
    context.addIssue({
      code: "custom",
      message:
        "its user or password holds a character that ends them; percent-encode all but letters and digits there (/ is %2F, ? is %3F, # is %23, @ is %40)",
    });
  },
) as unknown as z.ZodType<string | null>;

/** The least that a process can work with: a heartbeat must find a connection while another is in use. */
const LEAST = 2;
/** What the parent of workers' processes needs: it sweeps, measures, gives back and renews leases, and fetches hints. */
const BESIDE_WORKERS = 8;
/** Of the process that suspects run in, one at a time; there is one only while there are suspects. */
export const OF_QUARANTINE = 3;

/** Connections of the pools that work lives on, where nothing says how many. */
export function connectionsFor({
  HEADWAY_WORKER_PROCESSES: workerProcesses,
  HEADWAY_CONCURRENCY: concurrency,
  HEADWAY_ROLES: roles,
}: {
  readonly HEADWAY_WORKER_PROCESSES: number;
  readonly HEADWAY_CONCURRENCY: number;
  readonly HEADWAY_ROLES: readonly string[];
}): number {
  if (!roles.includes("worker")) return BESIDE_WORKERS;
  // Stages read and stage in their own turns; flushes and beats must find a free connection beside them.
  const ofWorker = 6 + concurrency;
  const ofQuarantine = workerProcesses === 0 ? 0 : OF_QUARANTINE;
  const needed = BESIDE_WORKERS + ofQuarantine + Math.max(1, workerProcesses) * ofWorker;
  return Math.min(workerProcesses > 1 ? 80 : 40, needed);
}

/** So many connections shared out: those of the process itself, and those of each of its workers' processes. */
export function divideConnections(
  connections: number,
  workerProcesses: number,
): { readonly own: number; readonly ofWorker: number } {
  if (workerProcesses === 0) return { own: connections, ofWorker: 0 };
  const left = Math.max(0, connections - OF_QUARANTINE);
  const own = Math.max(LEAST, Math.min(BESIDE_WORKERS, Math.floor(left / (workerProcesses + 1))));
  return { own, ofWorker: Math.max(LEAST, Math.floor((left - own) / workerProcesses)) };
}
