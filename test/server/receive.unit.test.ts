import { once } from "node:events";
import { connect, type AddressInfo } from "node:net";
import express from "express";
import { boundBodies } from "../../src/server/receive.js";
import { until } from "../support/until.js";

const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;

test("H10: of a request that is answered in the middle of its body nothing is left, though the body had a minute", async () => {
  const app = express()
    .use(boundBodies(60_000))
    .use((_req, res) => void res.status(404).end());
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const before = timers();
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => undefined).resume();
  const gone = new Promise((resolve) => socket.once("close", resolve));
  socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx");
  await gone;
  await until("no timer is left", () => timers() <= before, 10_000);
  server.close();
});
