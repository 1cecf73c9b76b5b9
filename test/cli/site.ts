import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { ROOT, startHeadway, type HeadwayProcess } from "../support/processes.js";

export const MAIN = path.join(ROOT, "dist", "src", "cli", "main.js");

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `headway` with these arguments and nothing but these settings; `started` gets its process and output as it comes. */
export function headway(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  onOutput: (child: ChildProcess, stdout: string) => void = () => undefined,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (part: Buffer) => {
      stdout += part.toString();
      onOutput(child, stdout);
    });
    child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** A server with the pipeline `letters`, a folder of files to submit, and the command line pointed at it. */
export interface Site {
  readonly server: HeadwayProcess;
  readonly folder: string;
  readonly database: TestDatabase;
  /** What commands need to reach the server. */
  readonly settings: Readonly<Record<string, string>>;
  /** Runs a command against the server. */
  run(...args: readonly string[]): Promise<Ended>;
  /** The same with --json; fails with its output unless it ended with 0. */
  json(...args: readonly string[]): Promise<any>;
  write(name: string, content: string | Buffer): Promise<string>;
  close(): Promise<void>;
}

export async function createSite(): Promise<Site> {
  const database = await createTestDatabase();
  const folder = await mkdtemp(path.join(tmpdir(), "headway-cli-"));
  const server = await startHeadway({
    DATABASE_URL: database.url,
    HEADWAY_DATA_DIR: path.join(folder, ".headway"),
    HEADWAY_PIPELINES: fileURLToPath(new URL("./pipelines/", import.meta.url)),
    HEADWAY_POLL_MS: "200",
  });
  const settings = {
    HEADWAY_URL: server.url,
    HEADWAY_KEY: server.key,
    HEADWAY_DATA_DIR: path.join(folder, ".headway"),
  };
  return {
    server,
    folder,
    database,
    settings,
    run: (...args) => headway(args, settings),
    async json(...args) {
      const ended = await headway([...args, "--json"], settings);
      if (ended.code !== 0) throw new Error(`headway ${args.join(" ")} ended with ${ended.code}: ${ended.stderr}`);
      return JSON.parse(ended.stdout);
    },
    async write(name, content) {
      const file = path.join(folder, name);
      await writeFile(file, content);
      return file;
    },
    async close() {
      await server.kill();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
