import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { getIntrospectionQuery } from "graphql";
import { once } from "node:events";
import WebSocket from "ws";
import type { ApiClient } from "../../../src/cli/client.js";
import type { HeadwayProcess } from "../../support/processes.js";
import { slackMs } from "../../support/slack.js";
import { until } from "../../support/until.js";
import { createFaultRig, hasExited, ROLES, type FaultRig } from "../rig.js";

const MIB = 1024 * 1024;
/** How much more memory the process may take while clients don't read. */
const MAX_GROWTH_BYTES = 150 * MIB;
const SLOW = 10;
const EVENTS = "subscription { statusChanges { ... on StatusChange { id at } } }";
/** Some twenty kilobytes an event, so that sockets' and kernel's buffers are full soon. */
const LARGE_EVENTS = `subscription { statusChanges { ... on StatusChange { ${Array.from(
  { length: 100 },
  (_, i) => `${"x".repeat(150)}${i}: cursor`,
).join(" ")} } } }`;

let rig: FaultRig;
let server: HeadwayProcess;
let api: ApiClient;
beforeAll(async () => {
  rig = await createFaultRig();
  server = await rig.start({ HEADWAY_ROLES: "api,reconciler" });
  await rig.start(ROLES.worker, { HEADWAY_CONCURRENCY: "50" });
  api = rig.client(server);
});
afterAll(() => rig.close());

const metric = async (name: string): Promise<number> => {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(metrics)![1]);
};
const memoryBytes = (): Promise<number> => metric("process_resident_memory_bytes");
const openSockets = (): Promise<number> => metric("headway_sockets");

interface Raw {
  readonly socket: WebSocket;
  received: number;
}

async function connect(): Promise<Raw> {
  const socket = new WebSocket(`${server.url.replace(/^http/, "ws")}/graphql`, "graphql-transport-ws");
  const raw: Raw = { socket, received: 0 };
  socket.on("error", () => undefined); // It is to be dropped by the server, which shows as an error here.
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${server.key}` } }));
  await once(socket, "message");
  socket.on("message", () => (raw.received += 1));
  return raw;
}

/** Runs a job of 1,000 documents beside a subscriber that reads. Returns how late its events came, 99th percentile. */
async function p99OfReaderMs(): Promise<{ p99Ms: number; events: number }> {
  const lateMs: number[] = [];
  const events = api.subscribe<{ statusChanges: { at: string } }>(EVENTS, {});
  const reading = (async () => {
    for await (const { statusChanges } of events) lateMs.push(Date.now() - Date.parse(statusChanges.at));
  })();
  await until("it follows", async () => {
    await rig.collection(api, 1);
    return lateMs.length > 0;
  });
  const job = await rig.submit(api, 1_000);
  await rig.settled([job]);
  await until("it has every task's end", () => lateMs.length > 4_000);
  await events.return!();
  await reading;
  return { p99Ms: lateMs.toSorted((a, b) => a - b)[Math.floor(0.99 * lateMs.length)]!, events: lateMs.length };
}

test("F23: subscribers that stop reading cost bounded memory and no other's time, and are closed in the end", async () => {
  await p99OfReaderMs(); // A process that has just started is slower, and smaller.
  const alone = await p99OfReaderMs();
  const before = await memoryBytes();
  const slow = await Promise.all(Array.from({ length: SLOW }, connect));
  for (const { socket } of slow) {
    socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query: LARGE_EVENTS } }));
    socket.pause();
  }
  const pausedAt = Date.now();
  // Until they are full they are subscribers like others, and cost what those cost.
  await rig.settled([await rig.submit(api, 400)]);
  const beside = await p99OfReaderMs();
  const growth = (await memoryBytes()) - before;
  expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
  // What is a second for people: a subscriber that blocked the rest would hold it up until it is closed.
  expect(beside.p99Ms).toBeLessThan(alone.p99Ms + 1_000 + slackMs());

  // The server's pings are not answered: it lets them go after one that was, and one that was not. They notice when they read.
  await until("the server has let them go", async () => (await openSockets()) === 0);
  const recoveryMs = Date.now() - pausedAt;
  const dropped = slow.map(({ socket }) => once(socket, "close"));
  for (const { socket } of slow) socket.resume();
  await Promise.all(dropped);
  // What they get to read is what was under way; the rest had not been made.
  for (const { received } of slow) expect(received).toBeLessThan(beside.events / 2);
  const what = `${SLOW} paused subscribers: p99 ${beside.p99Ms} ms, ${alone.p99Ms} ms without; memory + ${Math.round(growth / MIB)} MiB`;
  await rig.account({ fault: "F23", what, times: SLOW, recoveryMs });
});

test("F23: a client that asks and asks and does not read is dropped", async () => {
  const before = await memoryBytes();
  const { socket } = await connect();
  socket.pause();
  const query = getIntrospectionQuery();
  const startedAt = Date.now();
  let asked = 0;
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  while (socket.readyState === WebSocket.OPEN && asked < 20_000) {
    socket.send(JSON.stringify({ id: String(asked), type: "subscribe", payload: { query } }));
    asked += 1;
    if (asked % 20 === 0 && (await openSockets()) === 0) break;
  }
  await until("the server has dropped it", async () => (await openSockets()) === 0);
  const recoveryMs = Date.now() - startedAt;
  socket.resume();
  await closed;
  expect((await memoryBytes()) - before).toBeLessThan(MAX_GROWTH_BYTES);
  expect(server.output()).toContain("its client does not read fast enough");
  expect(hasExited(server)).toBe(false);
  await rig.account({ fault: "F23", what: `dropped after ${asked} unread queries`, times: 1, recoveryMs });
});
