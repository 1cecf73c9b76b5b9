import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { startEmbeddedPostgres } from "../../src/database/embedded.js";

const STARTER = fileURLToPath(new URL("../support/start-embedded.js", import.meta.url));

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "headway-embedded-"));
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
      expect((await readFile(path.join(dataDir, "headway.pid"), "utf8")).trim()).toBe(String(process.pid));
      const child = spawn(process.execPath, [STARTER, dataDir], { stdio: ["ignore", "ignore", "pipe"] });
      let said = "";
      child.stderr.on("data", (part: Buffer) => (said += part.toString()));
      await new Promise((resolve) => child.once("exit", resolve));
      expect(said).toContain(`Process ${process.pid} serves from ${dataDir} already`);
    } finally {
      await server.stop();
    }
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
