import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { PATIENCE_MS } from "./until.js";

/** A redis-server of its own, without persistence, in a folder of its own. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends it with SIGKILL and removes its folder. Idempotent. */
  stop(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
}

const START_DEADLINE_MS = PATIENCE_MS;

/**
 * @param options.args more of its settings, such as ["--requirepass", "secret"]; `config` a file of them, as a sentinel needs
 * @throws when redis-server is not on the PATH or does not answer in time
 */
export async function startRedis(
  options: { readonly port?: number; readonly args?: readonly string[]; readonly config?: string } = {},
): Promise<TestRedis> {
  const port = options.port ?? (await freePort());
  const folder = await mkdtemp(path.join(tmpdir(), "headway-redis-"));
  const server = spawn(
    "redis-server",
    [
      ...(options.config === undefined ? [] : [options.config]),
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--appendonly",
      "no",
      "--dir",
      folder,
      ...(options.args ?? []),
    ],
    { stdio: "ignore" },
  );
  const exited = new Promise<void>((resolve) => {
    server.once("exit", () => resolve());
    server.once("error", () => resolve());
  });
  const stop = async (): Promise<void> => {
    server.kill("SIGKILL");
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await answering(port, server);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: server.pid as number,
    stop,
    freeze: () => void server.kill("SIGSTOP"),
    thaw: () => void server.kill("SIGCONT"),
  };
}

async function answering(port: number, server: ChildProcess): Promise<void> {
  let failure: unknown = null;
  server.once("error", (error) => (failure = error));
  const deadlineAt = Date.now() + START_DEADLINE_MS;
  while (Date.now() < deadlineAt) {
    if (failure !== null || server.exitCode !== null) {
      throw new Error(
        `redis-server did not start on port ${port}: ${failure instanceof Error ? failure.message : `exit ${server.exitCode}`}`,
      );
    }
    if (await answersPing(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`redis-server did not answer on port ${port} within ${START_DEADLINE_MS} ms`);
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1" });
    socket.once("connect", () => socket.write("PING\r\n"));
    socket.once("data", (data) => {
      socket.destroy();
      // Without a password it answers, too.
      resolve(/^(\+PONG|-NOAUTH)/.test(data.toString()));
    });
    socket.once("error", () => resolve(false));
  });
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
