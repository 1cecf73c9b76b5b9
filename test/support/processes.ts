import { execFile, spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { schemaIn, withoutSchema } from "../../src/config/database.js";
import { DEFAULT_SCHEMA } from "../../src/database/schema-name.js";
import { keyIn } from "./keys.js";
import { ROOT } from "./root.js";
import { PATIENCE_MS } from "./until.js";

export { ROOT };
const run = promisify(execFile);
const START_DEADLINE_MS = 2 * PATIENCE_MS;

/** A Headway started as a user starts it, in a process of its own. */
export interface HeadwayProcess {
  readonly url: string;
  /** An ADMIN's, of the project `default`. */
  readonly key: string;
  readonly child: ChildProcess;
  /** From spawn to "ready". */
  readonly readyMs: number;
  /** All that it has printed. */
  output(): string;
  /** SIGINT, as Ctrl-C sends it; resolves with the exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

/**
 * Starts `headway start` of the build in `root` with these settings on a free port.
 * @param how.ownGroup in a process group of its own, which can be sent a signal as a whole
 * @throws with its output when it does not get ready
 */
export async function startHeadway(
  settings: Record<string, string>,
  root = ROOT,
  how: { readonly ownGroup?: boolean } = {},
): Promise<HeadwayProcess> {
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    ["--enable-source-maps", path.join(root, "dist", "src", "cli", "main.js"), "start"],
    {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        HEADWAY_PORT: "0",
        HEADWAY_EMBEDDER: "hash",
        HEADWAY_LOG_LEVEL: "warn",
        // Tests ask as fast as they can. A build from before there was such a setting refuses it.
        ...(root === ROOT ? { HEADWAY_REQUESTS_PER_SECOND: "1000000" } : {}),
        ...settings,
      },
      stdio: ["ignore", "pipe", "pipe"],
      detached: how.ownGroup === true,
    },
  );
  let output = "";
  child.stdout.on("data", (part: Buffer) => (output += part.toString()));
  child.stderr.on("data", (part: Buffer) => (output += part.toString()));
  const gone = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const deadlineAt = Date.now() + START_DEADLINE_MS;
  while (!output.includes("Stop with Ctrl-C")) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadlineAt) {
      child.kill("SIGKILL");
      throw new Error(`headway start did not get ready:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const readyMs = performance.now() - startedAt;
  const url = /(http:\/\/[^/\s]+)\//.exec(output)![1]!;
  const key =
    /Key +(hw_\S+)/.exec(output)?.[1] ??
    (await keyOf(settings, root).catch((error: unknown) => {
      child.kill("SIGKILL");
      throw error;
    }));
  return {
    url,
    key,
    child,
    readyMs,
    output: () => output,
    stop: () => {
      child.kill("SIGINT");
      return gone;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** Another build's table of keys may have other columns: its own command makes the key. */
async function keyOf(settings: Record<string, string>, root: string): Promise<string> {
  const { DATABASE_URL: url, HEADWAY_DATABASE_SCHEMA: schema } = settings;
  if (root !== ROOT) {
    const command = ["keys", "create", "--name", "tester", "--role", "ADMIN"];
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...settings };
    const { stdout } = await run(process.execPath, [path.join(root, "dist", "src", "cli", "main.js"), ...command], {
      env,
    });
    return stdout.trim().split("\n").at(-1)!;
  }
  return keyIn(withoutSchema(url!), {}, schema ?? schemaIn(url!) ?? DEFAULT_SCHEMA);
}
