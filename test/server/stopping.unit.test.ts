import { once } from "node:events";
import { Socket } from "node:net";
import { HeadwayError } from "../../src/errors.js";
import { startServer } from "../../src/server/server.js";
import { bareSocket, logger, post, query, startWorld, type World } from "./world.js";

const LONG_MS = 60_000;

describe("a server that starts and stops", () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(async () => {
    world.release();
    await world.server.close(0);
  });

  test("closes its sockets with 1001, and takes no more connections", async () => {
    const socket = bareSocket(world.server);
    await once(socket, "open");
    const closed = once(socket, "close");
    await world.server.close(LONG_MS);
    expect((await closed)[0]).toBe(1001);
    await expect(fetch(`${world.server.url}/healthz`)).rejects.toThrow("fetch failed");
  });

  test("gives the answers it owes before it ends", async () => {
    const answer = post(world.server, query("{ slow }"));
    await world.slowBegun;
    const closed = world.server.close(LONG_MS);
    world.release();
    expect(await (await answer).json()).toEqual({ data: { slow: "done" } });
    await closed;
  });

  test("cuts what has not ended when its time is up", async () => {
    const answer = post(world.server, query("{ slow }")).then(
      () => "answered",
      () => "cut",
    );
    const silent = new Socket();
    silent.on("error", () => undefined);
    silent.connect(world.server.port, "127.0.0.1");
    await Promise.all([world.slowBegun, once(silent, "connect")]);
    await world.server.close(10);
    expect(await answer).toBe("cut");
    silent.destroy();
  });

  test("says which port is taken and how to get a free one", async () => {
    const again = startWorld({ port: world.server.port });
    await expect(again).rejects.toThrow(HeadwayError);
    await expect(again).rejects.toThrow(new RegExp(`Port ${world.server.port} .*HEADWAY_PORT=0`));
  });

  test("ends a socket whose message is too large", async () => {
    const socket = bareSocket(world.server);
    await once(socket, "open");
    socket.send("x".repeat(64 * 1024 + 1));
    expect((await once(socket, "close"))[0]).toBe(1009);
  });

  test("serves its health and nothing else without an API", async () => {
    const server = await startServer({ host: "127.0.0.1", port: 0, logger, checks: [], measured: null, api: null });
    const statuses = await Promise.all(
      ["/healthz", "/readyz", "/graphql", "/playground", "/"].map(
        async (path) => (await fetch(`${server.url}${path}`)).status,
      ),
    );
    await server.close(0);
    expect(statuses).toEqual([200, 200, 404, 404, 404]);
  });
});
