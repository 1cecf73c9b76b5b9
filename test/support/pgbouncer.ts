import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { serverUser } from "../../src/database/embedded-binaries.js";
import { PATIENCE_MS, until } from "./until.js";

/** A pgbouncer of its own, with its default settings but for the mode. */
export interface TestPooler {
  /** The same database and user, through the pooler. */
  through(url: string): string;
  /** All that it has logged. */
  log(): string;
  /** A command of its console, such as "show servers". */
  console(command: string): Promise<Record<string, unknown>[]>;
  /** Ends it with SIGKILL and removes its folder. Idempotent. */
  stop(): Promise<void>;
}

const START_DEADLINE_MS = PATIENCE_MS;

/**
 * In front of the Postgres of that URL, for every database there and the users of these URLs.
 * @throws when pgbouncer is not on the PATH or does not answer
 */
export async function startPgBouncer(
  urls: readonly string[],
  options: { readonly mode?: "transaction" | "session"; readonly more?: Readonly<Record<string, string>> } = {},
): Promise<TestPooler> {
  const folder = await mkdtemp(path.join(tmpdir(), "headway-pgbouncer-"));
  const postgres = new URL(urls[0]!);
  const port = await freePort();
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: String(port),
    unix_socket_dir: "",
    auth_type: "scram-sha-256",
    auth_file: path.join(folder, "users.txt"),
    admin_users: "console",
    pool_mode: options.mode ?? "transaction",
    ...options.more,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const users = new Map(
    urls.map((url) => [decodeURIComponent(new URL(url).username), decodeURIComponent(new URL(url).password)]),
  ).set("console", "console");
  await writeFile(
    path.join(folder, "pgbouncer.ini"),
    `[databases]\n* = host=${postgres.hostname} port=${postgres.port}\n[pgbouncer]\n${lines.join("\n")}\n`,
  );
  await writeFile(settings.auth_file, [...users].map(([name, secret]) => `"${name}" "${secret}"\n`).join(""));
  // It refuses to run as root, as Postgres does.
  const owner = await serverUser();
  await chmod(folder, 0o755);
  if (owner.uid !== undefined) await chown(settings.auth_file, owner.uid, owner.gid!);
  const child = spawn("pgbouncer", [path.join(folder, "pgbouncer.ini")], {
    ...owner,
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stdout.on("data", (part: Buffer) => (log += part.toString()));
  child.stderr.on("data", (part: Buffer) => (log += part.toString()));
  let failure: Error | null = null;
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      failure = error;
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const command = async (text: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: `postgres://console:console@127.0.0.1:${port}/pgbouncer` });
    await client.connect();
    try {
      return (await client.query(text)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  try {
    await until(
      "pgbouncer answers",
      async () => {
        if (failure !== null || child.exitCode !== null) return true;
        return command("show version").then(
          () => true,
          () => false,
        );
      },
      START_DEADLINE_MS,
    );
    if (failure !== null || child.exitCode !== null) throw new Error(`pgbouncer did not start: ${failure ?? log}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    through: (url) => {
      const pooled = new URL(url);
      pooled.host = `127.0.0.1:${port}`;
      return pooled.href;
    },
    log: () => log,
    console: command,
    stop,
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
