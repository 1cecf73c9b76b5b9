import { once } from "node:events";
import WebSocket from "ws";
import { loadConfig } from "../../src/config.js";
import { ConfigError } from "../../src/errors.js";
import { SHARED_PATHS } from "../../src/server/origins.js";
import { bareSocket, KEY, post, query, startWorld, type World } from "./world.js";

const PAGE = "https://app.example.com";
const ELSEWHERE = "https://elsewhere.example";
const OTHERS = ["/healthz", "/readyz", "/metrics", "/playground", "/playground/session", "/"];

const preflight = (world: World, path: string, origin: string, method = "POST"): Promise<Response> =>
  fetch(`${world.server.url}${path}`, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": method,
      "access-control-request-headers": "authorization,content-type",
      "access-control-request-private-network": "true",
    },
  });
const ask = (world: World, origin: string, key = KEY): Promise<Response> =>
  post(world.server, query("{ hello }"), { origin }, key);
const allowedBy = (answer: Response): string | null => answer.headers.get("access-control-allow-origin");
/** All that an answer says to browsers of other origins. */
const wordsOf = (answer: Response): string[] =>
  [...answer.headers.keys()].filter((name) => name.startsWith("access-control-"));

/** Whether a page of that origin may open a socket. */
async function connects(world: World, origin: string | null): Promise<boolean> {
  const socket = bareSocket(world.server, origin === null ? {} : { origin });
  const opened = await once(socket, "open").then(
    () => true,
    (error: Error) => {
      expect(error.message).toContain("403");
      return false;
    },
  );
  if (opened) {
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.close();
    await once(socket, "close");
  }
  return opened;
}

describe("a page of another origin, where any may ask,", () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.server.close(0));

  test.each(SHARED_PATHS)("is let through to %s by a preflight that has no key and is kept", async (path) => {
    for (const method of ["POST", "PUT", "PATCH", "HEAD"]) {
      const answer = await preflight(world, path, PAGE, method);
      expect([answer.status, allowedBy(answer)]).toEqual([204, "*"]);
      expect(answer.headers.get("access-control-allow-methods")).toContain(method);
      expect(answer.headers.get("access-control-allow-headers")).toBe("authorization,content-type");
      expect(Number(answer.headers.get("access-control-max-age"))).toBeGreaterThanOrEqual(600);
    }
  });

  test("reads the answer and the headers that it needs, a refusal's as well", async () => {
    const good = await ask(world, PAGE);
    expect([good.status, await good.json(), allowedBy(good)]).toEqual([200, { data: { hello: "world" } }, "*"]);
    const refused = await ask(world, PAGE, "hw_wrong");
    expect([refused.status, allowedBy(refused)]).toEqual([401, "*"]);
    const exposed = good.headers.get("access-control-expose-headers")!.split(",");
    expect(exposed).toEqual(
      expect.arrayContaining([
        "ETag",
        "Content-Range",
        "Accept-Ranges",
        "Content-Disposition",
        "Retry-After",
        "Upload-Offset",
      ]),
    );
  });

  test("is never told to send credentials, or that it may reach into a private network", async () => {
    for (const answer of [await preflight(world, "/graphql", PAGE), await ask(world, PAGE)]) {
      expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
      expect(answer.headers.get("access-control-allow-private-network")).toBeNull();
    }
  });

  test.each(OTHERS)("is told nothing at %s", async (path) => {
    const answers = [
      await preflight(world, path, PAGE),
      await fetch(`${world.server.url}${path}`, { headers: { origin: PAGE }, redirect: "manual" }),
    ];
    expect(answers.flatMap(wordsOf)).toEqual([]);
  });

  test("may open a socket, also from a page without an origin of its own", async () => {
    expect([await connects(world, PAGE), await connects(world, "null"), await connects(world, null)]).toEqual([
      true,
      true,
      true,
    ]);
  });
});

describe("a page of another origin, where a list says which may ask,", () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ allowedOrigins: [PAGE, "http://localhost:5173"] });
  });
  afterAll(() => world.server.close(0));

  test("may, where it is on the list; caches keep the answers apart", async () => {
    for (const answer of [await preflight(world, "/graphql", PAGE), await ask(world, PAGE)]) {
      expect([allowedBy(answer), answer.headers.get("vary")]).toEqual([PAGE, expect.stringContaining("Origin")]);
    }
    expect(await connects(world, PAGE)).toBe(true);
  });

  test.each([ELSEWHERE, "null", "http://app.example.com", `${PAGE}.elsewhere.example`, `${PAGE}:8443`])(
    "may not as %s",
    async (origin) => {
      for (const path of SHARED_PATHS) expect(allowedBy(await preflight(world, path, origin))).toBeNull();
      expect(allowedBy(await ask(world, origin))).toBeNull();
      expect(await connects(world, origin)).toBe(false);
    },
  );

  test("does not keep out the pages of this server, or what is no page", async () => {
    expect(await connects(world, world.server.url)).toBe(true);
    expect(await connects(world, null)).toBe(true);
  });
});

describe("HEADWAY_ALLOWED_ORIGINS", () => {
  const read = (value: string) => loadConfig({ HEADWAY_ALLOWED_ORIGINS: value }).allowedOrigins;

  test("lets any page ask where it is not set, and those of a list where it is", () => {
    expect([read(""), read("*")]).toEqual([null, null]);
    expect(read("https://App.example.com:443/, http://localhost:5173")).toEqual([PAGE, "http://localhost:5173"]);
  });

  test.each([
    "app.example.com",
    "https://app.example.com/page",
    "https://*.example.com",
    "https://app.example.com/page?x=1",
    "ftp://a.example",
  ])("refuses %s", (value) => {
    expect(() => read(value)).toThrow(ConfigError);
    expect(() => read(value)).toThrow(/HEADWAY_ALLOWED_ORIGINS is .*must be \* or origins such as/);
  });
});
