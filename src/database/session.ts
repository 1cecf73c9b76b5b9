import pg from "pg";
import { clientFor } from "./client.js";
import { DEFAULT_SCHEMA } from "./schema-name.js";

/**
 * How a URL leads to Postgres. `direct`: each connection has a session of its own. `pooler`: something such as PgBouncer
 * lies in between; it may lend one server session to many clients, transaction by transaction, so that nothing can rest
 * on what a session has been set to.
 */
export type Route = "direct" | "pooler";

/** Where a database is, and how one gets there. */
export interface Address {
  readonly url: string;
  readonly route: Route;
}

/**
 * Start-up parameters that every PgBouncer accepts and keeps for each client: whoever gets a server session gets it with
 * these. The encoding belongs to them; node-postgres always sends UTF8.
 */
const TRACKED = { DateStyle: "ISO, MDY", TimeZone: "UTC", standard_conforming_strings: "on" } as const;

/**
 * What decides the answers of the database. A connection of its own starts with these; behind a pooler the settings of
 * the role must be these already, because most poolers refuse any other start-up parameter.
 */
export const ANSWERS = {
  // What is decided under a lock must be read after the lock has been granted.
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  // Numbers come and go as text: less than 1 rounds them.
  extra_float_digits: "1",
  // Off, and a NULL in an array that is sent means the word NULL.
  array_nulls: "on",
  transform_null_equals: "off",
} as const;

/** What only we can't depend on: both forms are read. Set where we can, so that only one form is met in practice. */
const PREFERRED = { bytea_output: "hex", IntervalStyle: "postgres" } as const;

/** How long a session may hold others up, in ms. */
export const BOUNDS = {
  statement_timeout: 30_000,
  lock_timeout: 5_000,
  idle_in_transaction_session_timeout: 2_000,
} as const;

/** What a session is for: `work` is bounded; `schema` changes may take as long as they need; `listen` only waits. */
export type Purpose = "work" | "schema" | "listen";

/** The parameters that a connection of this purpose starts with, each as Postgres takes it. */
export function startUpParameters(route: Route, purpose: Purpose): Readonly<Record<string, string>> {
  if (route === "pooler") return TRACKED;
  const bounds = Object.entries(BOUNDS).map(([name, ms]) => [name, purpose === "work" ? String(ms) : "0"]);
  return { ...TRACKED, ...ANSWERS, ...PREFERRED, ...Object.fromEntries(bounds), idle_session_timeout: "0" };
}

/**
 * How a transaction begins behind a pooler: with all that a session of its own has been given at its start. One message,
 * so it takes no longer than the plain statement.
 */
const BEGIN_BEHIND_POOLER = [
  "start transaction isolation level read committed read write",
  ...Object.entries(BOUNDS).map(([name, ms]) => `set local ${name} = ${ms}`),
].join("; ");

/** node-postgres sends what this returns in its start-up message; its type declarations leave it out. */
interface StartsUp {
  getStartupConf(): Record<string, string>;
}
type StartingClient = new (config?: string | pg.ClientConfig) => pg.Client & StartsUp;

/**
 * The class of connections whose sessions are as Headway needs them, whatever the defaults of server, database and role,
 * to an installation in that schema.
 */
export function sessionClient(route: Route, purpose: Purpose, schema: string = DEFAULT_SCHEMA): typeof pg.Client {
  const Base = clientFor(schema) as unknown as StartingClient;
  const parameters = startUpParameters(route, purpose);
  class SessionClient extends Base {
    override getStartupConf(): Record<string, string> {
      return { ...super.getStartupConf(), ...parameters };
    }
  }
  class PooledClient extends SessionClient {
    // TypeORM begins every transaction with just this text.
    override query(...args: unknown[]): never {
      const [first, ...rest] = args;
      const sent = first === "START TRANSACTION" ? BEGIN_BEHIND_POOLER : first;
      return (super.query as (...all: unknown[]) => never).call(this, sent, ...rest);
    }
  }
  return (route === "pooler" && purpose === "work" ? PooledClient : SessionClient) as unknown as typeof pg.Client;
}

const CONNECT_TIMEOUT_MS = 5_000;

/** A connection of its own, to be ended by the caller. */
export async function connectTo(
  { url, route }: Address,
  purpose: Purpose,
  name: string,
  schema: string = DEFAULT_SCHEMA,
): Promise<pg.Client> {
  const Client = sessionClient(route, purpose, schema);
  const client = new Client({
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // One that breaks fails the statement under way, and the next; without a listener it would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined); // One that never connected has nothing to end.
    throw error;
  }
}
