import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { createBullDispatcher } from "../../src/dispatch/bull.js";
import type { Dispatcher } from "../../src/dispatch/dispatcher.js";
import { freePort, startRedis, type TestRedis } from "../support/redis.js";
import { until } from "../support/until.js";
import { gatedHandler, hint } from "./conformance.js";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function redis(options: Parameters<typeof startRedis>[0] = {}): Promise<TestRedis> {
  const server = await startRedis(options);
  closers.push(() => server.stop());
  return server;
}

/** By itself it would speak to the others at its port + 10,000, which may be taken. */
async function clusterNode(): Promise<TestRedis> {
  return redis({ args: ["--cluster-enabled", "yes", "--cluster-port", String(await freePort())] });
}

/** A dispatcher that consumes, and all that it has said of Redis: why it is away, or null when it is back. */
async function dispatcherOver(
  redisUrl: string,
): Promise<{ dispatcher: Dispatcher; changes: (string | null)[]; got: readonly string[] }> {
  const changes: (string | null)[] = [];
  const dispatcher = createBullDispatcher({ redisUrl, onChange: (away) => changes.push(away) });
  closers.push(() => dispatcher.close());
  const handler = gatedHandler();
  handler.letAll();
  await dispatcher.consume({ pipelines: ["letters"], concurrency: 2, onHint: handler.onHint });
  return { dispatcher, changes, got: handler.got };
}

async function arrives(dispatcher: Dispatcher, got: readonly string[]): Promise<void> {
  const before = got.length;
  const sent = async (): Promise<boolean> => (await dispatcher.send([hint()]), got.length > before);
  await until("a hint arrives", sent);
}

/** Long enough for many connections and probes to fail: each would have been a line of the log. */
async function manyTries(dispatcher: Dispatcher): Promise<void> {
  for (let tries = 0; tries < 10; tries += 1) {
    expect(await dispatcher.ping()).toBe(false);
    await dispatcher.send([hint()]);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

describe("Redis that is away is told of once", () => {
  test.each<[string, string, RegExp]>([
    ["with a wrong password", "redis://:wrong@", /WRONGPASS.*check user and password in REDIS_URL/],
    ["without a password where one is needed", "redis://", /NOAUTH.*put a password into REDIS_URL/],
  ])("%s, with what to do", async (_how, login, reason) => {
    const server = await redis({ args: ["--requirepass", "secret"] });
    const { dispatcher, changes } = await dispatcherOver(`${login}127.0.0.1:${server.port}`);
    await until("it is said", () => changes.length > 0);
    await manyTries(dispatcher);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatch(reason);
    expect(dispatcher.away).toBe(changes[0]);
  });

  test("when it stops, and once when it is back", async () => {
    const server = await redis();
    const { dispatcher, changes, got } = await dispatcherOver(server.url);
    await arrives(dispatcher, got);
    await server.stop();
    await until("it is said", () => changes.length > 0);
    await manyTries(dispatcher);
    expect(changes).toHaveLength(1);
    await redis({ port: server.port });
    await arrives(dispatcher, got);
    expect(changes).toEqual([expect.any(String), null]);
    expect(dispatcher.away).toBeNull();
  });

  test("when it never was there", async () => {
    const { dispatcher, changes } = await dispatcherOver(`redis://127.0.0.1:${await freePort()}`);
    await manyTries(dispatcher);
    expect(changes).toEqual([expect.stringMatching(/ECONNREFUSED.*is Redis running at the address of REDIS_URL/)]);
  });

  test("with a certificate that nobody here knows, and works once its issuer is named", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "headway-tls-"));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const [key, cert] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", ...subject],
      { stdio: "ignore" },
    );
    const tlsPort = await freePort();
    await redis({
      args: ["--tls-port", String(tlsPort), "--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no"],
    });
    const { dispatcher, changes } = await dispatcherOver(`rediss://127.0.0.1:${tlsPort}`);
    await until("it is said", () => changes.length > 0);
    await manyTries(dispatcher);
    expect(changes).toEqual([expect.stringMatching(/self-signed certificate.*NODE_EXTRA_CA_CERTS/)]);
  });
});

describe("Redis of other shapes", () => {
  test("a user with the rights that the documentation names carries hints", async () => {
    const server = await redis();
    const admin = new Redis(server.url);
    closers.push(async () => admin.disconnect());
    await admin.call(
      "ACL",
      "SETUSER",
      "headway",
      "on",
      ">secret",
      "~{headway:*",
      "&*",
      "+@all",
      "-@admin",
      "-@dangerous",
      "+info",
    );
    const { dispatcher, changes, got } = await dispatcherOver(`redis://headway:secret@127.0.0.1:${server.port}`);
    await arrives(dispatcher, got);
    expect(changes).toEqual([]);
  });

  test("behind sentinels, hints arrive again after the primary has died and a replica has taken its place", async () => {
    const primary = await redis();
    const replica = await redis({ args: ["--replicaof", "127.0.0.1", String(primary.port)] });
    const [sentinelPort, folder] = [await freePort(), await mkdtemp(path.join(tmpdir(), "headway-sentinel-"))];
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const config = path.join(folder, "sentinel.conf");
    await writeFile(
      config,
      `sentinel monitor hints 127.0.0.1 ${primary.port} 1\nsentinel down-after-milliseconds hints 500\nsentinel failover-timeout hints 2000\n`,
    );
    const sentinel = await startRedis({ port: sentinelPort, config, args: ["--sentinel"] });
    closers.push(() => sentinel.stop());
    const asked = new Redis(sentinel.url);
    closers.push(async () => asked.disconnect());
    await until(
      "the sentinel knows the replica",
      async () => ((await asked.call("SENTINEL", "REPLICAS", "hints")) as unknown[]).length === 1,
    );
    const { dispatcher, got } = await dispatcherOver(`redis+sentinel://127.0.0.1:${sentinelPort}/hints`);
    await arrives(dispatcher, got);
    await primary.stop();
    await arrives(dispatcher, got);
    const now = (await asked.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "hints")) as string[];
    expect(now[1]).toBe(String(replica.port));
  });

  test("a cluster of three carries hints", async () => {
    const nodes = await Promise.all([1, 2, 3].map(() => clusterNode()));
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    execFileSync("redis-cli", ["--cluster", "create", ...addresses, "--cluster-yes"], { stdio: "ignore" });
    const { dispatcher, got } = await dispatcherOver(`redis+cluster://${addresses.join(",")}`);
    await arrives(dispatcher, got);
    await arrives(dispatcher, got);
  });
});
