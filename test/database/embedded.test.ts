import { execFileSync, spawn } from "node:child_process";
import { chmod, chown, cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { startEmbeddedPostgres } from "../../src/database/embedded.js";

const STARTER = fileURLToPath(new URL("../support/start-embedded.js", import.meta.url));

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "headway-embedded-"));
  // The server's user, which is another one than root, must reach it, or the cluster is put elsewhere.
  await chmod(dataDir, 0o755);
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ answer: unknown }>(sql)).rows[0]?.answer;
  } finally {
    await client.end();
  }
}

/** Starts the database in a process of its own, which then kills itself. */
async function startAndKill(): Promise<void> {
  const child = spawn(process.execPath, [STARTER, dataDir], { stdio: ["ignore", "inherit", "inherit"] });
  const signal = await new Promise((resolve) => child.once("exit", (_, by) => resolve(by)));
  expect(signal).toBe("SIGKILL");
}

describe("the embedded Postgres", () => {
  test("gives the application a database it owns, as no superuser, and leaves no process when stopped", async () => {
    const server = await startEmbeddedPostgres({ dataDir });
    const pid = Number(await ask(server.url, "select pg_backend_pid() as answer"));
    expect(pid).toBeGreaterThan(0);
    expect(await ask(server.url, "select rolsuper as answer from pg_roles where rolname = current_user")).toBe(false);
    expect(await ask(server.url, "select inet_server_addr()::text as answer")).toBe("127.0.0.1/32");
    await server.stop();
    await expect(ask(server.url, "select 1 as answer")).rejects.toThrow();
  });

  test("left behind by a killed process, is taken over by the next start with its data", async () => {
    await startAndKill();
    const server = await startEmbeddedPostgres({ dataDir });
    try {
      expect(server.adopted).toBe(true);
      expect(await ask(server.url, "select word as answer from kept")).toBe("kept");
    } finally {
      await server.stop();
    }
  });

  test("is refused to a second process over the same folder, by name", async () => {
    const server = await startEmbeddedPostgres({ dataDir });
    try {
      expect((await readFile(path.join(dataDir, "headway.pid"), "utf8")).split("\n")[0]).toBe(String(process.pid));
      const child = spawn(process.execPath, [STARTER, dataDir], { stdio: ["ignore", "ignore", "pipe"] });
      let said = "";
      child.stderr.on("data", (part: Buffer) => (said += part.toString()));
      await new Promise((resolve) => child.once("exit", resolve));
      expect(said).toContain(`Process ${process.pid} serves from ${dataDir} already`);
    } finally {
      await server.stop();
    }
  });

  test("never signals a stranger whose pid stands in a stale postmaster.pid, and starts beside it", async () => {
    await (await startEmbeddedPostgres({ dataDir })).stop();
    const owner = await stat(path.join(dataDir, "postgres"));
    const stranger = spawn("sleep", ["600"], process.getuid?.() === 0 ? { uid: owner.uid, gid: owner.gid } : {});
    try {
      const file = path.join(dataDir, "postgres", "postmaster.pid");
      await writeFile(file, `${stranger.pid}\n${path.join(dataDir, "postgres")}\n1\n5432\n\n127.0.0.1\n`);
      await chown(file, owner.uid, owner.gid);
      const server = await startEmbeddedPostgres({ dataDir });
      expect(server.adopted).toBe(false);
      expect(await ask(server.url, "select 1 as answer")).toBe(1);
      await server.stop();
      expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
    } finally {
      stranger.kill("SIGKILL");
    }
  });

  test("over a copy of a folder in use starts a server of its own, and leaves the other's alone", async () => {
    const server = await startEmbeddedPostgres({ dataDir });
    const copy = `${dataDir}-copy`;
    try {
      await cp(dataDir, copy, { recursive: true, filter: (file) => !file.endsWith("headway.pid") });
      const owner = await stat(path.join(dataDir, "postgres"));
      if (process.getuid?.() === 0)
        execFileSync("chown", ["-R", `${owner.uid}:${owner.gid}`, path.join(copy, "postgres")]);
      const second = await startEmbeddedPostgres({ dataDir: copy });
      try {
        expect(second.adopted).toBe(false);
        expect(second.url).not.toBe(server.url);
      } finally {
        await second.stop();
      }
      expect(await ask(server.url, "select 1 as answer")).toBe(1);
    } finally {
      await server.stop();
      await rm(copy, { recursive: true, force: true });
    }
  });

  test("takes over a folder whose owner's pid belongs to another process of Node by now", async () => {
    const stranger = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1_000)"], { stdio: "ignore" });
    try {
      await writeFile(path.join(dataDir, "headway.pid"), `${stranger.pid}\nof another time\n`);
      const server = await startEmbeddedPostgres({ dataDir });
      await server.stop();
    } finally {
      stranger.kill("SIGKILL");
    }
  });

  test("says what to do where the user id has no name", async () => {
    if (process.getuid?.() !== 0) return; // Only root can become such a user.
    await chmod(dataDir, 0o777); // It makes files of its own there.
    const child = spawn(process.execPath, [STARTER, dataDir], {
      stdio: ["ignore", "ignore", "pipe"],
      uid: 543_210,
      gid: 543_210,
    });
    let said = "";
    child.stderr.on("data", (part: Buffer) => (said += part.toString()));
    await new Promise((resolve) => child.once("close", resolve));
    expect(said).toContain("can't be set up by user id 543210, which has no name here");
    expect(said).toContain("DATABASE_URL");
  });

  test("says for which platform there is none, and what to do, and leaves no data folder in use", async () => {
    const other = 'data:text/javascript,Object.defineProperty(process, "arch", { value: "mips" })';
    const child = spawn(process.execPath, ["--import", other, STARTER, dataDir], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (part: Buffer) => (said += part.toString()));
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code).toBe(1);
    expect(said).toContain(`No embedded PostgreSQL for ${process.platform} mips`);
    expect(said).toContain("Set DATABASE_URL");
    expect(await readdir(dataDir)).toEqual([]);
  });
});
