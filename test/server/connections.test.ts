import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { connect as connectTcp, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { pino } from "pino";
import type WebSocket from "ws";
import { receive } from "../../src/server/receive.js";
import { startListening, type RunningServer } from "../../src/server/server.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { until } from "../support/until.js";
import { bareSocket, KEY, logger, startWorld, type World } from "./world.js";

let api: TestApi;
let world: World;
beforeAll(async () => {
  [api, world] = await Promise.all([createTestApi([]), startWorld()]);
});
afterAll(async () => {
  await Promise.all([api.close(), world.server.close(0)]);
});

/** A connection that has sent this text; what the server does to it is no fault of the test. */
async function sent(port: number, text: string): Promise<Socket> {
  const socket = connectTcp(port, "127.0.0.1").on("error", () => undefined);
  await once(socket, "connect");
  socket.write(text);
  return socket;
}
/** Whether it ends well or not: `once` would fail with an error that comes before. */
const closedOf = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once("close", () => resolve()));
const head = (line: string, more = ""): string => `${line} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

describe("H10: a connection without a key", () => {
  test.each([
    ["POST /uploads/x"],
    ["PUT /uploads/x"],
    ["PUT /uploads/00000000-0000-7000-8000-000000000001"],
    ["POST /uploads/x/y"],
    ["POST /graphql"],
    ["POST /artifacts/x"],
    ["POST /healthz"],
    ["POST /playground"],
    ["POST /"],
  ])("that sends %s a byte at a time is answered, and cut though it goes on sending", async (line) => {
    const socket = await sent(Number(new URL(api.url).port), head(line, "Content-Length: 1000000\r\n"));
    const answer: Buffer[] = [];
    socket.on("data", (piece: Buffer) => answer.push(piece));
    const drip = setInterval(() => socket.write("x"), 20);
    await closedOf(socket);
    clearInterval(drip);
    expect(Buffer.concat(answer).toString()).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  test("makes room for newer ones: of 60 silent ones the newest 20 are held", async () => {
    const bounded = await startListening(
      { host: "127.0.0.1", port: 0, logger, checks: [], measured: null, connections: { maxStrangers: 20 } },
      null,
      () => undefined,
    );
    const sockets: Socket[] = [];
    for (let i = 0; i < 60; i += 1) sockets.push(await sent(bounded.port, "GET / HTTP/1.1\r\n"));
    for (const socket of sockets) socket.resume();
    await until("the oldest have been cut", () => sockets.filter(({ destroyed }) => destroyed).length === 40);
    expect(sockets.findIndex(({ destroyed }) => !destroyed)).toBe(40);
    expect((await fetch(`${bounded.url}/healthz`)).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await bounded.close(0);
  });

  test("is not made room for at the cost of one that has shown a key", async () => {
    const bounded = await startWorld({ connections: { maxStrangers: 5 } });
    const known = bareSocket(bounded.server);
    await once(known, "open");
    known.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${KEY}` } }));
    await once(known, "message");
    const silent: Socket[] = [];
    for (let i = 0; i < 30; i += 1) silent.push(await sent(bounded.server.port, "GET / HTTP/1.1\r\n"));
    for (const socket of silent) socket.resume();
    await until("most of them have been cut", () => silent.filter(({ destroyed }) => destroyed).length === 25);
    expect(known.readyState).toBe(known.OPEN);
    for (const socket of silent) socket.destroy();
    known.terminate();
    await bounded.server.close(0);
  });
});

describe("H10: an answer", () => {
  /** More than the kernel's buffers hold. */
  const SIZE = 40_000_000;
  let server: RunningServer;
  let held = 0;
  beforeAll(async () => {
    // As long as a busy machine may keep the test from reading.
    const connections = { readerPace: { windowMs: 2_000, minBytes: 1 } };
    const options = { host: "127.0.0.1", port: 0, logger, checks: [], measured: null, connections };
    server = await startListening(options, null, (app) => {
      app.get("/large", (_req, res) => {
        held += 1;
        res.once("close", () => (held -= 1));
        res.send(Buffer.alloc(SIZE));
      });
    });
  });
  afterAll(() => server.close(0));

  test("that nobody reads is cut", async () => {
    const socket = await sent(server.port, head("GET /large"));
    socket.pause();
    await until("it is begun", () => held === 1);
    await until("it is cut", () => held === 0);
    socket.destroy();
  });

  test("that is read slowly, but in time, comes whole, though it is sent in one write", async () => {
    const socket = await sent(server.port, head("GET /large", "Connection: close\r\n"));
    let received = 0;
    socket.on("data", ({ length }: Buffer) => {
      received += length;
      socket.pause();
      setTimeout(() => socket.resume(), 12); // Some 640 pieces, so longer than three windows.
    });
    await closedOf(socket);
    expect(received).toBeGreaterThan(SIZE);
  });
});

describe("H10: an answer in the middle of a body", () => {
  test("leaves the connection fit for the next request, once the rest of the body has come", async () => {
    const options = { host: "127.0.0.1", port: 0, logger, checks: [], measured: null };
    const server = await startListening(options, null, (app) => {
      app.put("/begun", async (req, res) => {
        // As the store does that has no room left: it takes some of it, and then no more.
        for await (const _ of receive(req, { sizeBytes: 1_000_000, sha256: null })) break;
        res.status(507).end();
      });
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (method: string, path: string, body = ""): Promise<[status: number, port: number]> => {
      const req = request({ agent, method, path, host: "127.0.0.1", port: server.port });
      req.end(body);
      const [res] = (await once(req, "response")) as [IncomingMessage];
      const port = req.socket!.localPort!;
      await buffer(res);
      return [res.statusCode!, port];
    };
    const [status, port] = await ask("PUT", "/begun", "x".repeat(1_000_000));
    expect([status, await ask("GET", "/healthz")]).toEqual([507, [200, port]]);
    agent.destroy();
    await server.close(0);
  });
});

describe("H10: a WebSocket", () => {
  async function opened(): Promise<WebSocket> {
    const socket = bareSocket(world.server);
    socket.on("error", () => undefined);
    await once(socket, "open");
    return socket;
  }
  const closed = async (socket: WebSocket): Promise<number> => ((await once(socket, "close")) as [number])[0];

  test("that pings without end is dropped", async () => {
    const socket = await opened();
    const code = closed(socket);
    const flood = setInterval(() => {
      for (let i = 0; i < 1_000 && socket.readyState === socket.OPEN; i += 1) socket.ping();
    }, 1);
    expect(await code).toBe(1006);
    clearInterval(flood);
  });

  test("that has sent 20,000 pings at once is dropped with one line of the log", async () => {
    const warned: string[] = [];
    const log = pino({ level: "warn" }, { write: (line: string) => void warned.push(line) });
    const loud = await startWorld({ log });
    const socket = bareSocket(loud.server);
    socket.on("error", () => undefined);
    await once(socket, "open");
    const code = closed(socket);
    for (let i = 0; i < 20_000; i += 1) socket.ping();
    expect(await code).toBe(1006);
    await loud.server.close(0);
    expect(warned.filter((line) => line.includes("a WebSocket was dropped"))).toHaveLength(1);
  });

  test("that has sent 1,000 pings at once has each of them answered, with what it said", async () => {
    const socket = await opened();
    const answered: string[] = [];
    socket.on("pong", (data: Buffer) => answered.push(String(data)));
    for (let i = 0; i < 1_000; i += 1) socket.ping(String(i));
    await until(
      "all are answered, or it is dropped",
      () => answered.length === 1_000 || socket.readyState !== socket.OPEN,
    );
    expect(answered).toEqual(Array.from({ length: 1_000 }, (_, i) => String(i)));
    socket.terminate();
  });

  test("may send what its key may ask for, however much that is", async () => {
    const generous = await startWorld({ requestsPerSecond: 10_000 });
    const socket = bareSocket(generous.server);
    await once(socket, "open");
    const messages: string[] = [];
    socket.on("message", (data: Buffer) => messages.push(String(data)));
    socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${KEY}` } }));
    for (let i = 0; i < 20_000; i += 1) socket.send('{"type":"pong"}');
    socket.send('{"type":"ping"}');
    await until(
      "the last is answered, or all is over",
      () => messages.length === 2 || socket.readyState !== socket.OPEN,
    );
    expect(messages).toEqual(['{"type":"connection_ack"}', '{"type":"pong"}']);
    socket.terminate();
    await generous.server.close(0);
  });

  test("that says connection_init again and again is closed at the second", async () => {
    const socket = await opened();
    const code = closed(socket);
    for (let i = 0; i < 100; i += 1) socket.send(JSON.stringify({ type: "connection_init" }));
    expect(await code).toBe(4429);
  });

  test("that never says connection_init is closed", async () => {
    expect(await closed(await opened())).toBe(4408);
  });

  test.each([
    ["in one frame", (socket: WebSocket) => socket.send("x".repeat(70_000))],
    [
      "in many frames of one message",
      (socket: WebSocket) => {
        for (let i = 0; i < 100; i += 1) socket.send("x".repeat(1_000), { fin: false });
      },
    ],
  ])("that sends more than 64 KB %s is closed with 1009", async (_how, send) => {
    const socket = await opened();
    const code = closed(socket);
    send(socket);
    expect(await code).toBe(1009);
  });
});

describe("a request that asks for HTTP/2", () => {
  const UPGRADE = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
  test("is answered in HTTP/1.1 where no WebSockets are taken", async () => {
    const bare = await startListening(
      { host: "127.0.0.1", port: 0, logger, checks: [], measured: null },
      null,
      () => undefined,
    );
    const socket = await sent(bare.port, head("GET /healthz", UPGRADE));
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
    await bare.close(0);
  });
});

describe("a script in a request", () => {
  const SCRIPT = "<script>alert(1)</script>";
  const encoded = encodeURIComponent(SCRIPT);
  const asked = (query: string): RequestInit => ({ method: "POST", body: JSON.stringify({ query }) });
  test.each<[string, string, RequestInit]>([
    ["the path", `/${SCRIPT}`, {}],
    ["the path, encoded", `/${encoded}`, {}],
    ["a path that cannot be decoded", "/%3Cscript%3E%ff%", {}],
    ["an artifact's id", `/artifacts/${encoded}`, {}],
    ["an upload's id", `/uploads/${encoded}`, { method: "PUT", body: "x" }],
    ["the query of an address", `/graphql?query=${encoded}`, {}],
    ["a query", "/graphql", asked(SCRIPT)],
    ["a body that is not JSON", "/graphql", { method: "POST", body: SCRIPT }],
    ["an id", "/graphql", asked(`{ job(id: ${JSON.stringify(SCRIPT)}) { id } }`)],
    ["the address of Explore", `/explore?query=${encoded}`, {}],
    ["the address of a redirect", `/?next=${encoded}`, {}],
  ])("in %s never becomes part of a page", async (_where, at, init) => {
    for (const accept of ["text/html", "application/json", "*/*"]) {
      for (const authorization of [`Bearer ${api.key}`, SCRIPT]) {
        const headers = { "content-type": "application/json", accept, authorization };
        const answer = await fetch(`${api.url}${at}`, { ...init, headers, redirect: "manual" });
        const text = await answer.text();
        expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
        expect(answer.headers.get("location") ?? "explore").toBe("explore");
        if (!answer.headers.get("content-type")?.startsWith("application/")) expect(text).not.toContain("alert(1)");
      }
    }
  });
});
