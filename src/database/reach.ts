import pg from "pg";
import { HeadwayError } from "../errors.js";
import { ANSWERS, BOUNDS, connectTo, type Address, type Route } from "./session.js";
import { sqlStateOf } from "./transaction.js";
import { targetOf, unreachable, type DatabaseSetting } from "./unreachable.js";

/** A database that can be used, and by which way. */
export interface Reached {
  /** For the pool of connections. */
  readonly work: Address;
  /** For changes of the schema: past the pooler, where there is a way. */
  readonly schema: Address;
  /** For LISTEN; null where nothing leads past the pooler, so that changes are found by polling alone. */
  readonly listen: Address | null;
  /** How many connections the user may have there, all processes together; null where nothing says so. */
  readonly connectionLimit: number | null;
  /** What an operator should know, a sentence each. */
  readonly advice: readonly string[];
}

export interface DatabaseUrls {
  /** Null: `embeddedUrl`. */
  readonly databaseUrl: string | null;
  readonly databaseDirectUrl: string | null;
}

/** What a first connection found. */
interface Facts {
  readonly route: Route;
  readonly pid: number;
  readonly version: number;
  readonly encoding: string;
  readonly standby: boolean;
  /** By their names in Postgres; a pooler may know the database by another. */
  readonly user: string;
  readonly database: string;
  /** The same for every way to the same database. */
  readonly identity: string;
  /** Of the user or the database, the lower; null for none, and for a superuser. */
  readonly limit: number | null;
  readonly settings: Readonly<Record<string, string>>;
}

const OLDEST_VERSION = 15;
/** How often two clients are compared; where a pooler shares its sessions, both nearly always get the same at once. */
const SHARING_TRIES = 5;

/**
 * Looks at the database before anything else uses it: which way leads there, and whether it is one that can be used.
 * @throws {HeadwayError} DATABASE_UNREACHABLE naming the setting and what to do, DATABASE_UNSUITABLE naming all that
 * is not as it must be
 */
export async function reachDatabase(urls: DatabaseUrls, embeddedUrl: string | null = null): Promise<Reached> {
  const setting: DatabaseSetting = urls.databaseUrl === null ? "the embedded PostgreSQL" : "DATABASE_URL";
  const url = urls.databaseUrl ?? embeddedUrl;
  if (url === null) throw new HeadwayError("DATABASE_UNREACHABLE", "DATABASE_URL is not set.");
  const facts = await look(setting, url);
  const work: Address = { url, route: facts.route };
  const advice = boundsAdvice(setting, facts);
  // A pooler's clients are not the server's: its own limits hold there.
  const connectionLimit = facts.route === "direct" ? facts.limit : null;
  const { databaseDirectUrl } = urls;
  if (databaseDirectUrl === null) {
    const listen = work.route === "direct" ? work : null;
    return {
      work,
      schema: work,
      listen,
      connectionLimit,
      advice: [...advice, ...(listen === null ? [WITHOUT_LISTEN] : [])],
    };
  }
  const direct: Address = { url: databaseDirectUrl, route: await lookDirectly(databaseDirectUrl, facts) };
  return { work, schema: direct, listen: direct, connectionLimit, advice };
}

const WITHOUT_LISTEN =
  "DATABASE_URL leads through a connection pooler, and LISTEN needs a session of its own: status changes are found by polling, up to a second late, and cancel requests at the next heartbeat. Set HEADWAY_DATABASE_DIRECT_URL to the address of Postgres itself.";

/** The way by HEADWAY_DATABASE_DIRECT_URL. */
async function lookDirectly(url: string, pooled: Facts): Promise<Route> {
  const setting = "HEADWAY_DATABASE_DIRECT_URL";
  const { route, identity } = await look(setting, url);
  if (identity !== pooled.identity) {
    throw unsuitable(setting, url, ["it is another database than the one at DATABASE_URL; both must be the same"]);
  }
  if (route === "pooler" && (await isShared(url))) {
    throw unsuitable(setting, url, [
      "it leads to a pooler that shares sessions, where LISTEN does not work; use the address of Postgres itself",
    ]);
  }
  return route;
}

async function look(setting: DatabaseSetting, url: string): Promise<Facts> {
  targetOf(setting, url);
  let facts: Facts;
  try {
    facts = await factsBy(url, "direct").catch((error: unknown) => {
      if (!isRefusedParameter(error)) throw error;
      return factsBy(url, "pooler");
    });
  } catch (error) {
    throw unreachable(setting, url, error);
  }
  const faults = faultsOf(facts);
  if (faults.length > 0) throw unsuitable(setting, url, faults);
  return facts;
}

/** PgBouncer's answer to a start-up parameter that it does not keep track of; other poolers say 08P01 as well. */
function isRefusedParameter(error: unknown): boolean {
  return sqlStateOf(error) === "08P01" || /startup parameter/i.test(String((error as Error).message));
}

const LOOKED_AT = [...Object.keys(ANSWERS), ...Object.keys(BOUNDS), "session_replication_role"];

async function factsBy(url: string, asked: Route): Promise<Facts> {
  const client = await connectTo({ url, route: asked }, "work", "headway-start");
  try {
    const { rows } = await client.query<Omit<Facts, "route">>(
      `select pg_backend_pid() as pid, current_setting('server_version_num')::int / 10000 as version,
         current_setting('server_encoding') as encoding, pg_is_in_recovery() as standby,
         current_user as "user", current_database() as database,
         (select s.system_identifier || '/' || d.oid from pg_control_system() s, pg_database d
          where d.datname = current_database()) as identity,
         (select least(nullif(r.rolconnlimit, -1), nullif(d.datconnlimit, -1)) from pg_roles r, pg_database d
          where r.rolname = current_user and not r.rolsuper and d.datname = current_database()) as "limit",
         (select jsonb_object_agg(name, setting) from pg_settings where name = any ($1)) as settings`,
      [LOOKED_AT],
    );
    const facts = rows[0]!;
    // A pooler gives out a pid of its own, for cancel requests; some drop start-up parameters without a word.
    const { processID } = client as unknown as { processID: number | null };
    const isOurs = processID === facts.pid && wrongAnswers(facts).length === 0;
    return { ...facts, route: asked === "direct" && isOurs ? "direct" : "pooler" };
  } finally {
    await client.end().catch(() => undefined); // What it told is known already.
  }
}

/** All that makes a database unusable, each with what to do. */
function faultsOf(facts: Facts): string[] {
  const faults: string[] = [];
  if (facts.version < OLDEST_VERSION) faults.push(`it is PostgreSQL ${facts.version}; ${OLDEST_VERSION} is the oldest`);
  if (facts.encoding !== "UTF8") {
    faults.push(
      `its encoding is ${facts.encoding} and must be UTF8, because names and texts come in every language; create another one: create database "…" encoding 'UTF8' template template0;`,
    );
  }
  if (facts.standby) faults.push("it is a standby that takes no writes; name the primary");
  if (facts.settings.session_replication_role !== "origin") {
    faults.push(
      `session_replication_role is "${facts.settings.session_replication_role}" and must be "origin", because triggers guard every status; ${alterRole(facts, "session_replication_role", "origin")}`,
    );
  }
  for (const name of wrongAnswers(facts)) {
    faults.push(
      `${name} is "${facts.settings[name]}" and must be "${ANSWERS[name]}", and it cannot be set through a pooler; ${alterRole(facts, name, ANSWERS[name])} then let the pooler reconnect`,
    );
  }
  return faults;
}

function wrongAnswers({ settings }: Pick<Facts, "settings">): (keyof typeof ANSWERS)[] {
  return (Object.keys(ANSWERS) as (keyof typeof ANSWERS)[]).filter((name) =>
    name === "extra_float_digits" ? Number(settings[name]) < 1 : settings[name] !== ANSWERS[name],
  );
}

/** Behind a pooler, a statement outside a transaction has the bounds of the role; transactions bring their own. */
function boundsAdvice(setting: DatabaseSetting, facts: Facts): string[] {
  if (facts.route === "direct") return [];
  const missing = (["statement_timeout", "lock_timeout"] as const).filter((name) => facts.settings[name] === "0");
  if (missing.length === 0) return [];
  const statements = missing.map((name) => alterRole(facts, name, `${BOUNDS[name] / 1_000}s`));
  return [
    `${setting} leads through a connection pooler, where ${missing.join(" and ")} can only be set for the role; without it a hanging statement is never cancelled: ${statements.join(" ")}`,
  ];
}

function alterRole({ user, database }: Facts, name: string, value: string): string {
  return `alter role ${pg.escapeIdentifier(user)} in database ${pg.escapeIdentifier(database)} set ${name} = '${value}';`;
}

function unsuitable(setting: DatabaseSetting, url: string, faults: readonly string[]): HeadwayError {
  const { host, port, database } = targetOf(setting, url);
  return new HeadwayError(
    "DATABASE_UNSUITABLE",
    `${setting}: database "${database}" at ${host}:${port} cannot be used: ${faults.join("; ")}.`,
    { faults },
  );
}

/** Whether two clients are ever given the same server session, while both are connected. */
async function isShared(url: string): Promise<boolean> {
  const pidOf = async (client: pg.Client): Promise<number> =>
    (await client.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]!.pid;
  const clients: pg.Client[] = [];
  try {
    for (let i = 0; i < 2; i += 1) clients.push(await connectTo({ url, route: "pooler" }, "listen", "headway-start"));
    const [one, other] = clients as [pg.Client, pg.Client];
    for (let tries = 0; tries < SHARING_TRIES; tries += 1) if ((await pidOf(one)) === (await pidOf(other))) return true;
    return false;
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined))); // Only asked.
  }
}
