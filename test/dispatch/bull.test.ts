import { Redis } from "ioredis";
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { createBullDispatcher } from "../../src/dispatch/bull.js";
import type { Dispatcher } from "../../src/dispatch/dispatcher.js";
import { startRedis, type TestRedis } from "../support/redis.js";
import { until } from "../support/until.js";
import { BOUND_MS, describeDispatcher, gatedHandler, hint } from "./conformance.js";

// Outages take their time.

let redis: TestRedis;
let prefixes = 0;
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeAll(async () => {
  process.on("unhandledRejection", note);
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

describeDispatcher("Bull", async () => {
  prefixes += 1;
  return createBullDispatcher({ redisUrl: redis.url, prefix: `t${prefixes}` });
});

async function timed<T>(work: Promise<T>): Promise<{ readonly value: T; readonly tookMs: number }> {
  const before = Date.now();
  const value = await work;
  return { value, tookMs: Date.now() - before };
}

/** Sends until one of the hints arrives. */
async function arrivesAgain(dispatcher: Dispatcher, got: readonly string[]): Promise<void> {
  const before = got.length;
  await until("a hint arrives again", async () => {
    await dispatcher.send([hint()]);
    return got.length > before;
  });
}

/** How often a server has refused what its user may not do. */
async function refusals(operator: Redis): Promise<number> {
  return Number(/errorstat_NOPERM:count=(\d+)/.exec(await operator.info("errorstats"))?.[1] ?? 0);
}

describe("Bull dispatcher in an outage", () => {
  let server: TestRedis;
  let dispatcher: Dispatcher;
  let handler: ReturnType<typeof gatedHandler>;
  beforeEach(async () => {
    server = await startRedis();
    dispatcher = createBullDispatcher({ redisUrl: server.url });
    handler = gatedHandler();
    handler.letAll();
    await dispatcher.consume({ pipelines: ["letters"], concurrency: 2, onHint: handler.onHint });
    await arrivesAgain(dispatcher, handler.got);
  });
  afterEach(async () => {
    const { tookMs } = await timed(dispatcher.close());
    await server.stop();
    expect(tookMs).toBeLessThan(BOUND_MS);
  });

  test("with Redis frozen, send and ping answer within the deadline, and deliveries resume", async () => {
    server.freeze();
    const first = await timed(dispatcher.send([hint(), hint()]));
    expect(first.value).toBe(0);
    expect(first.tookMs).toBeLessThan(BOUND_MS);
    const ping = await timed(dispatcher.ping());
    expect(ping.value).toBe(false);
    expect(ping.tookMs).toBeLessThan(BOUND_MS);
    const second = await timed(dispatcher.send([hint()]));
    expect(second.value).toBe(0);
    expect(second.tookMs).toBeLessThan(100);
    server.thaw();
    await arrivesAgain(dispatcher, handler.got);
  });

  test("with Redis frozen longer than the connections are kept, deliveries resume", async () => {
    server.freeze();
    const frozenAt = Date.now();
    await until("both kinds of connection were made anew", () => Date.now() - frozenAt > 12_000);
    server.thaw();
    await arrivesAgain(dispatcher, handler.got);
  });

  test("with Redis killed and started anew, deliveries resume, delayed ones too", async () => {
    await server.stop();
    const down = await timed(dispatcher.send([hint()]));
    expect(down.value).toBe(0);
    expect(down.tookMs).toBeLessThan(BOUND_MS);
    server = await startRedis({ port: server.port });
    await arrivesAgain(dispatcher, handler.got);
    const seen = handler.got.length;
    expect(await dispatcher.send([hint({ delayMs: 100 })])).toBe(1);
    await until("the delayed hint", () => handler.got.length > seen);
  });

  test("closed while Redis is down and a handler runs, it leaves no rejection that nobody catches", async () => {
    const held = gatedHandler();
    const consumer = await dispatcher.consume({ pipelines: ["held"], concurrency: 1, onHint: held.onHint });
    await until("a handler runs", async () => {
      await dispatcher.send([hint({ pipeline: "held" })]);
      return held.runningNow() > 0;
    });
    await server.stop();
    await consumer.close();
    held.letAll();
    // `unhandled`, looked at after all tests, must stay empty.
    const closedAt = Date.now();
    await until("connections have been given up", () => Date.now() - closedAt > 500);
    expect(unhandled).toEqual([]);
  });

  test("closed while Redis is down and a handler runs, it keeps no process alive", async () => {
    const own = await startRedis();
    const file = fileURLToPath(new URL("./fixtures/closes-while-away.js", import.meta.url));
    const child = fork(file, [own.url]);
    try {
      const said: unknown[] = [];
      child.on("message", (word) => said.push(word));
      await until("the handler runs", () => said.includes("running"));
      await own.stop();
      await until("it knows that Redis is away", () => said.includes("away"));
      child.send("close");
      await until("it has ended", () => child.exitCode !== null);
      expect(child.exitCode).toBe(0);
    } finally {
      child.kill("SIGKILL");
      await own.stop();
    }
  });

  test("a frozen Redis holds neither a consumer's close nor a new consumer", async () => {
    server.freeze();
    const consuming = await timed(dispatcher.consume({ pipelines: ["notes"], concurrency: 1, onHint: handler.onHint }));
    expect(consuming.tookMs).toBeLessThan(BOUND_MS);
    const closing = await timed(consuming.value.close());
    expect(closing.tookMs).toBeLessThan(BOUND_MS);
  });

  test("a Redis that refuses writes costs hints and nothing else", async () => {
    const admin = new Redis(server.url);
    await admin.config("SET", "maxmemory", "1");
    const refused = await timed(dispatcher.send([hint()]));
    expect(refused.value).toBe(0);
    expect(refused.tookMs).toBeLessThan(BOUND_MS);
    await admin.config("SET", "maxmemory", "0");
    await arrivesAgain(dispatcher, handler.got);
    admin.disconnect();
  });

  test("a Redis that refuses subscriptions after a reconnect ends nothing, and is listened to as soon as it allows them", async () => {
    const operator = new Redis(server.url);
    const listenedTo = async (): Promise<number> => ((await operator.call("pubsub", "channels")) as unknown[]).length;
    const before = await listenedTo();
    expect(before).toBeGreaterThan(0);
    await operator.call("acl", "setuser", "default", "-subscribe", "-psubscribe");
    await operator.call("client", "kill", "type", "pubsub");
    await until("it has been asked twice", async () => (await refusals(operator)) >= 2);
    expect(await listenedTo()).toBe(0);
    await operator.call("acl", "setuser", "default", "+@all");
    await until("it is listened to again", async () => (await listenedTo()) === before);
    await arrivesAgain(dispatcher, handler.got);
    expect(unhandled).toEqual([]);
    await operator.quit();
  });

  test("a Redis that refuses its database after a reconnect gets no hint in another one", async () => {
    const operator = new Redis(server.url);
    const other = createBullDispatcher({ redisUrl: `${server.url}/3`, prefix: "third" });
    await other.send([hint()]);
    await operator.call("acl", "setuser", "default", "-select");
    await operator.call("client", "kill", "type", "normal");
    await until("it has been asked twice", async () => (await refusals(operator)) >= 2);
    await other.send([hint()]);
    await operator.call("acl", "setuser", "default", "+@all");
    await until("it takes hints again", async () => (await other.send([hint()])) === 1);
    expect(await operator.keys("*third*")).toEqual([]);
    expect(unhandled).toEqual([]);
    await other.close();
    await operator.quit();
  });

  test("emptying Redis loses hints and nothing else", async () => {
    const admin = new Redis(server.url);
    await dispatcher.send([hint({ delayMs: 60_000 })]);
    await admin.flushall();
    await admin.script("FLUSH");
    admin.disconnect();
    await arrivesAgain(dispatcher, handler.got);
  });

  test("what was delivered leaves nothing in Redis", async () => {
    const admin = new Redis(server.url);
    await until("no job is kept", async () => {
      const keys = await admin.keys("*");
      return !keys.some((key) => /:[0-9a-f-]{36}\.\d+/.test(key) || /:(wait|active|failed|completed)$/.test(key));
    });
    admin.disconnect();
  });
});

describe("Bull dispatcher without a Redis", () => {
  test("starts, answers in time, and delivers once there is one", async () => {
    const before = await startRedis();
    await before.stop();
    const changes: (string | null)[] = [];
    const dispatcher = createBullDispatcher({ redisUrl: before.url, onChange: (away) => changes.push(away) });
    const handler = gatedHandler();
    handler.letAll();
    const consuming = await timed(
      dispatcher.consume({ pipelines: ["letters"], concurrency: 1, onHint: handler.onHint }),
    );
    expect(consuming.tookMs).toBeLessThan(BOUND_MS);
    const sending = await timed(dispatcher.send([hint()]));
    expect(sending.tookMs).toBeLessThan(BOUND_MS);
    expect(await dispatcher.ping()).toBe(false);
    await until("it was said", () => changes.length > 0);
    const after = await startRedis({ port: before.port });
    await arrivesAgain(dispatcher, handler.got);
    await dispatcher.close();
    await after.stop();
  });

  test("a connection that became half open is made anew", async () => {
    const server = await startRedis();
    const pairs: { near: Socket; far: Socket }[] = [];
    const proxy = createServer((near) => {
      const far = connect(server.port, "127.0.0.1");
      for (const socket of [near, far]) socket.on("error", () => undefined);
      near.pipe(far);
      far.pipe(near);
      pairs.push({ near, far });
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const { port } = proxy.address() as AddressInfo;
    const dispatcher = createBullDispatcher({ redisUrl: `redis://127.0.0.1:${port}` });
    const handler = gatedHandler();
    handler.letAll();
    await dispatcher.consume({ pipelines: ["letters"], concurrency: 1, onHint: handler.onHint });
    await arrivesAgain(dispatcher, handler.got);
    for (const { near, far } of pairs) {
      near.unpipe(far);
      far.unpipe(near);
      far.destroy();
    }
    const sending = await timed(dispatcher.send([hint()]));
    expect(sending.tookMs).toBeLessThan(BOUND_MS);
    await arrivesAgain(dispatcher, handler.got);
    await dispatcher.close();
    for (const { near } of pairs) near.destroy();
    proxy.close();
    await server.stop();
  });
});
