import { spawn, type ChildProcess } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ApiClient } from "../../../src/cli/client.js";
import { ROOT } from "../../support/processes.js";
import { isAlive } from "../../support/is-alive.js";
import { slackMs } from "../../support/slack.js";
import { until } from "../../support/until.js";

const READY_MS = 120_000;
const GRACE_MS = 4_000;
/** What ending a process, its children and the embedded Postgres takes beyond the grace, on a busy machine. */
const SLACK_MS = 6_000;

let folder: string;
const groups: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-signals-"));
  // The server's user, which is another one than root, must reach it, or the cluster is put elsewhere.
  await chmod(folder, 0o755);
});
afterEach(async () => {
  for (const child of groups.splice(0)) signal(-child.pid!, "SIGKILL");
  const pid = await postmaster();
  if (pid !== null) signal(pid, "SIGQUIT");
  await until("the embedded Postgres is gone", async () => pid === null || !isAlive(pid), READY_MS);
  await rm(folder, { recursive: true, force: true });
});

interface Started {
  readonly child: ChildProcess;
  readonly exit: Promise<{ code: number | null; by: NodeJS.Signals | null }>;
  output(): string;
}

/** Starts a command in a process group of its own, with the embedded Postgres unless the settings name another. */
function startGroup(command: readonly string[], settings: Record<string, string> = {}): Started {
  const child = spawn(command[0]!, command.slice(1), {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      HEADWAY_PORT: "0",
      HEADWAY_EMBEDDER: "hash",
      HEADWAY_LOG_LEVEL: "warn",
      HEADWAY_DATA_DIR: folder,
      HEADWAY_GRACE_MS: String(GRACE_MS),
      ...settings,
    },
  });
  groups.push(child);
  let output = "";
  child.stdout!.on("data", (part: Buffer) => (output += part.toString()));
  child.stderr!.on("data", (part: Buffer) => (output += part.toString()));
  const exit = new Promise<{ code: number | null; by: NodeJS.Signals | null }>((resolve) =>
    child.once("exit", (code, by) => resolve({ code, by })),
  );
  return { child, exit, output: () => output };
}

const ready = (started: Started): Promise<void> =>
  until(
    "it is ready",
    () => {
      if (started.child.exitCode !== null) throw new Error(`It has ended instead:\n${started.output()}`);
      return started.output().includes("Stop with Ctrl-C");
    },
    READY_MS,
  );

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The pid of the embedded Postgres; null where it has stopped in order. */
async function postmaster(): Promise<number | null> {
  const text = await readFile(path.join(folder, "postgres", "postmaster.pid"), "utf8").catch(() => null);
  return text === null ? null : Number(text.split("\n")[0]);
}

const owner = async (): Promise<number> =>
  Number((await readFile(path.join(folder, "headway.pid"), "utf8")).split("\n")[0]);

describe("F35: signals", () => {
  test.each<[string, NodeJS.Signals]>([
    ["SIGTERM, as timeout and systemd send it", "SIGTERM"],
    ["SIGINT, as a terminal sends it", "SIGINT"],
  ])(
    "%s, to the whole group of npm start: it stops in order and takes the embedded Postgres along",
    async (_how, name) => {
      const started = startGroup(["npm", "start", "--silent"]);
      await ready(started);
      const [server, database] = [await owner(), (await postmaster())!];
      const askedAt = Date.now();
      signal(-started.child.pid!, name);
      await until("the server has ended", () => !isAlive(server), READY_MS);
      expect(Date.now() - askedAt).toBeLessThan(GRACE_MS + SLACK_MS + slackMs());
      expect(started.output()).toContain("Stopped.");
      await until("the embedded Postgres has ended too", () => !isAlive(database), READY_MS);
      await started.exit;
    },
  );

  test.each<NodeJS.Signals>(["SIGTERM", "SIGKILL"])(
    "%s to npm alone: the server does not live on unowned",
    async (name) => {
      const started = startGroup(["npm", "start", "--silent"]);
      await ready(started);
      const [server, database] = [await owner(), (await postmaster())!];
      signal(started.child.pid!, name);
      await until("the server has ended", () => !isAlive(server), READY_MS);
      expect(started.output()).toContain("Stopped.");
      await until("the embedded Postgres has ended too", () => !isAlive(database), READY_MS);
    },
  );

  test("two SIGTERMs at once are one; a second one later ends at once and takes the embedded Postgres along", async () => {
    const pipelines = path.join(ROOT, "dist", "test", "faults", "pipelines", "deaf.js");
    const started = startGroup(serve(), { HEADWAY_PIPELINES: pipelines, HEADWAY_GRACE_MS: "60000" });
    await ready(started);
    await hold(started);
    const database = (await postmaster())!;
    signal(started.child.pid!, "SIGTERM");
    signal(started.child.pid!, "SIGTERM");
    await until("it stops", () => started.output().includes("Stopping"), READY_MS);
    // Longer than what counts as one: two signals this far apart are two.
    const heardAt = Date.now();
    await until("a second has passed", () => Date.now() - heardAt > 1_000);
    expect(isAlive(started.child.pid!)).toBe(true);
    const askedAt = Date.now();
    signal(started.child.pid!, "SIGTERM");
    expect(await started.exit).toEqual({ code: 130, by: null });
    expect(Date.now() - askedAt).toBeLessThan(SLACK_MS + slackMs());
    await until("the embedded Postgres has ended too", () => !isAlive(database), READY_MS);
  });

  test("a handler that ignores its signal does not keep the process alive beyond the grace", async () => {
    const pipelines = path.join(ROOT, "dist", "test", "faults", "pipelines", "deaf.js");
    const started = startGroup(serve(), { HEADWAY_PIPELINES: pipelines });
    await ready(started);
    const effects = await hold(started);
    const database = (await postmaster())!;
    const askedAt = Date.now();
    signal(started.child.pid!, "SIGTERM");
    const { code } = await started.exit;
    // A machine too busy to close the rest in time leaves it behind, says so, and ends with 1.
    expect(code).toBe(started.output().includes("Not everything has stopped") ? 1 : 0);
    expect(Date.now() - askedAt).toBeLessThan(GRACE_MS + SLACK_MS + slackMs());
    await until("the embedded Postgres has ended too", () => !isAlive(database), READY_MS);
    const after = await readFile(effects, "utf8");
    // The handler writes every 50 ms while it lives.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await readFile(effects, "utf8")).toBe(after);
  });

  test("SIGTERM during a start that hangs ends it soon, and it says so", async () => {
    const deaf = await listenDeaf();
    try {
      const { port } = deaf.server.address() as { port: number };
      const started = startGroup(serve(), { DATABASE_URL: `postgres://u:p@127.0.0.1:${port}/d` });
      await until("it has connected", () => deaf.sockets.size > 0, READY_MS);
      const askedAt = Date.now();
      signal(started.child.pid!, "SIGTERM");
      expect(await started.exit).toEqual({ code: 130, by: null });
      expect(Date.now() - askedAt).toBeLessThan(SLACK_MS + slackMs());
      expect(started.output()).toContain("stopped before it was ready");
    } finally {
      for (const socket of deaf.sockets) socket.destroy();
      await new Promise((resolve) => deaf.server.close(resolve));
    }
  });

  test("SIGTERM while the embedded Postgres starts leaves none behind", async () => {
    const started = startGroup(serve(), { HEADWAY_GRACE_MS: "60000" });
    await until(
      "the cluster is being made",
      () =>
        readFile(path.join(folder, "headway.pid")).then(
          () => true,
          () => false,
        ),
      READY_MS,
    );
    signal(started.child.pid!, "SIGTERM");
    expect(await started.exit).toEqual({ code: 130, by: null });
    expect(await postmaster()).toBeNull();
  });

  test("SIGTERM: /readyz says 503 for HEADWAY_DRAIN_MS while requests are still served, then connections are refused", async () => {
    const started = startGroup(serve(), { HEADWAY_DRAIN_MS: "2000", HEADWAY_GRACE_MS: "20000" });
    await ready(started);
    const { url, key } = addressOf(started);
    signal(started.child.pid!, "SIGTERM");
    const seen: { ready: number; query: number }[] = [];
    await until(
      "connections are refused",
      async () => {
        try {
          const probe = await fetch(`${url}/readyz`, { headers: { connection: "close" } });
          const query = await fetch(`${url}/graphql`, {
            method: "POST",
            headers: { "content-type": "application/json", authorization: `Bearer ${key}`, connection: "close" },
            body: '{"query":"{ viewer { name } }"}',
          });
          seen.push({ ready: probe.status, query: query.status });
          return false;
        } catch {
          return true;
        }
      },
      READY_MS,
    );
    expect(seen).toContainEqual({ ready: 503, query: 200 });
    expect((await started.exit).code).toBe(0);
  });
});

const serve = (): string[] => [
  process.execPath,
  "--enable-source-maps",
  path.join(ROOT, "dist", "src", "cli", "main.js"),
  "start",
];

function addressOf(started: Started): { url: string; key: string } {
  const url = /(http:\/\/[^/\s]+)\//.exec(started.output())![1]!;
  return { url, key: /Key +(hw_\S+)/.exec(started.output())![1]! };
}

/** Has one document in a handler that hears no signal; returns the file that the handler goes on writing. */
async function hold(started: Started): Promise<string> {
  const { url, key } = addressOf(started);
  const effects = path.join(folder, "effects");
  await writeFile(effects, "");
  const api = new ApiClient(url, key);
  try {
    const { collection } = await api.mutate<{ collection: { id: string }; userErrors: [] }>(
      `mutation { createCollection(input: { name: "deaf" }) { collection { id } userErrors { code message } } }`,
      {},
    );
    await api.mutate(
      `mutation ($id: ID!) { addDocuments(input: { collectionId: $id, documents: [{ name: "a", text: "a" }] }) { userErrors { code message } } }`,
      { id: collection.id },
    );
    await api.mutate(
      `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }`,
      { input: { collectionId: collection.id, pipeline: "deaf", options: { effects } } },
    );
    await until("the handler runs", async () => (await readFile(effects, "utf8")) !== "", READY_MS);
  } finally {
    await api.close();
  }
  return effects;
}

/** A server that takes connections and never says a word. */
async function listenDeaf(): Promise<{ server: Server; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, sockets };
}
