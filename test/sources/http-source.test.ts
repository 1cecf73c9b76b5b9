import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { createHash, randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Claim } from "../../src/engine/flush/claim.js";
import { addDocuments } from "../../src/engine/collection/add-documents.js";
import { deleteDueBlobs } from "../../src/engine/expiry/expire.js";
import { beginFetch } from "../../src/engine/uploads/fetched.js";
import { createNetworks } from "../../src/sources/networks.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { openHttp, type HttpLimits } from "../../src/sources/http-source.js";
import { ACTOR, createRig, PROJECT, type Rig } from "../support/engine.js";

/** Stands for the public network: every other address is refused, as by default. */
const OPEN = "127.0.0.2";
const networks = createNetworks([{ address: OPEN, prefix: 32, family: "ipv4" }]);
const BYTES = randomBytes(300_000);

type Answer = (req: IncomingMessage, res: ServerResponse) => void;
let answer: Answer;
let asked: { url: string; headers: IncomingMessage["headers"] }[] = [];
/** Connections to the server that nothing may reach. */
let reached = 0;
let open: Server;
let closed: Server;
let openPort: number;
let closedPort: number;
beforeAll(async () => {
  open = createServer((req, res) => {
    asked.push({ url: `http://${req.headers.host}${req.url}`, headers: req.headers });
    answer(req, res);
  });
  closed = createServer((_req, res) => res.end("the inside")).on("connection", () => (reached += 1));
  open.listen(0, OPEN);
  await once(open, "listening");
  openPort = (open.address() as AddressInfo).port;
  closed.listen(openPort, "127.0.0.1");
  await once(closed, "listening");
  closedPort = (closed.address() as AddressInfo).port;
});
afterAll(() => {
  for (const server of [open, closed]) {
    server.closeAllConnections();
    server.close();
  }
});
afterEach(() => {
  expect(reached).toBe(0);
  asked = [];
});

/** Names of the tests' own; each answer of a list once, the last forever. */
function resolver(names: Record<string, string[][]>): NonNullable<HttpLimits["resolve"]> {
  return async (host) => {
    const answers = names[host]!;
    const found = answers.length > 1 ? answers.shift()! : answers[0]!;
    return found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  };
}

function fetchIt(uri: string, more: Partial<HttpLimits> = {}): Promise<Buffer> {
  return openHttp(uri, { networks, maxBytes: 1_000_000, retryMs: 5, ...more }).then(buffer);
}
const at = (path = "/"): string => `http://${OPEN}:${openPort}${path}`;
const send: Answer = (_req, res) => void res.end(BYTES);
const redirectTo =
  (...locations: string[]): Answer =>
  (_req, res) => {
    const location = locations.shift();
    if (location === undefined) res.end(BYTES);
    else res.writeHead(302, { location }).end();
  };

describe("H1: a download is refused before a byte is sent", () => {
  test.each<[string, string[]]>([
    ["loopback", ["127.0.0.1"]],
    ["private", ["10.0.0.1"]],
    ["link-local", ["169.254.169.254"]],
    ["carrier-grade NAT", ["100.64.0.1"]],
    ["IPv6 loopback", ["::1"]],
    ["IPv6 mapped", ["::ffff:127.0.0.1"]],
    ["IPv6 unique local", ["fd00::1"]],
    ["IPv6 link-local with a zone", ["fe80::1%lo"]],
    ["NAT64", ["64:ff9b::7f00:1"]],
    ["a public address and a private one", [OPEN, "127.0.0.1"]],
  ])("where its name resolves to %s", async (_what, addresses) => {
    const resolve = resolver({ "inside.example": [addresses] });
    await expect(fetchIt(`http://inside.example:${closedPort}/`, { resolve })).rejects.toMatchObject({
      code: "URI_REFUSED",
      message: expect.stringMatching(/inside\.example resolves to .*not a public address/),
    });
  });

  test("where its name resolves publicly first, and privately at the redirect to itself", async () => {
    const resolve = resolver({ "twice.example": [[OPEN], ["127.0.0.1"]] });
    answer = redirectTo(`http://twice.example:${openPort}/again`);
    await expect(fetchIt(`http://twice.example:${openPort}/`, { resolve })).rejects.toMatchObject({
      code: "URI_REFUSED",
      message: expect.stringContaining("twice.example resolves to 127.0.0.1"),
    });
    expect(asked).toHaveLength(1);
  });

  test("where its name resolves publicly first, and privately when it is tried again or goes on", async () => {
    answer = (_req, res) => res.writeHead(503).end();
    const again = resolver({ "twice.example": [[OPEN], ["127.0.0.1"]] });
    await expect(fetchIt(`http://twice.example:${openPort}/`, { resolve: again })).rejects.toMatchObject({
      code: "URI_REFUSED",
    });
    answer = breakingAt([100_000], '"one"');
    const on = resolver({ "twice.example": [[OPEN], ["127.0.0.1"]] });
    await expect(fetchIt(`http://twice.example:${openPort}/`, { resolve: on })).rejects.toMatchObject({
      code: "URI_REFUSED",
    });
    expect(asked).toHaveLength(2);
  });

  test.each<[string, () => string]>([
    ["loopback", () => `http://127.0.0.1:${closedPort}/`],
    ["loopback in decimal", () => `http://2130706433:${closedPort}/`],
    ["loopback in hexadecimal", () => `http://0x7f000001:${closedPort}/`],
    ["loopback, mapped", () => `http://[::ffff:127.0.0.1]:${closedPort}/`],
    ["loopback without a scheme", () => `//127.0.0.1:${closedPort}/`],
    ["localhost", () => `http://localhost:${closedPort}/`],
    ["the metadata of a cloud", () => "http://169.254.169.254/latest/meta-data/"],
    ["a file", () => "file:///etc/passwd"],
    ["another scheme", () => `gopher://127.0.0.1:${closedPort}/`],
    ["a name that resolves privately", () => `http://inside.example:${closedPort}/`],
    ["credentials", () => `http://user:secret@${OPEN}:${openPort}/`],
    ["no URL", () => "http://["],
  ])("where it is redirected to %s", async (_what, location) => {
    const resolve = resolver({ "inside.example": [["127.0.0.1"]] });
    answer = redirectTo(location());
    const refusal = await fetchIt(at(), { resolve }).catch((error: unknown) => error as Error);
    expect(refusal).toMatchObject({ code: "URI_REFUSED" });
    expect((refusal as Error).message).not.toContain("secret");
    expect(asked).toHaveLength(1);
  });

  test("where it is an address that is not public, whoever added it", async () => {
    await expect(fetchIt(`http://127.0.0.1:${closedPort}/`)).rejects.toMatchObject({ code: "URI_REFUSED" });
    await expect(fetchIt("http://1.1.1.1:8080/")).rejects.toMatchObject({ code: "URI_REFUSED" });
  });
});

describe("redirects", () => {
  test("are followed three times, also relative ones, and not a fourth time", async () => {
    answer = redirectTo("/b", "c?x=1", at("/d"));
    expect((await fetchIt(at("/a"))).equals(BYTES)).toBe(true);
    expect(asked.map(({ url }) => url)).toEqual([at("/a"), at("/b"), at("/c?x=1"), at("/d")]);
    answer = (_req, res) => res.writeHead(301, { location: "/again" }).end();
    asked = [];
    await expect(fetchIt(at())).rejects.toMatchObject({
      code: "URI_REFUSED",
      message: expect.stringContaining("redirects more than 3 times"),
    });
    expect(asked).toHaveLength(4);
  });
});

/** Sends the bytes, honours Range, and breaks the connection at these offsets, each once. */
function breakingAt(offsets: number[], etag: string | null, honours = true): Answer {
  return (req, res) => {
    const from = honours ? Number(/^bytes=(\d+)-$/.exec(req.headers.range ?? "")?.[1] ?? 0) : 0;
    const until = offsets.shift();
    res.writeHead(from > 0 ? 206 : 200, {
      "content-length": BYTES.length - from,
      ...(etag === null ? {} : { etag }),
      ...(from > 0 ? { "content-range": `bytes ${from}-${BYTES.length - 1}/${BYTES.length}` } : {}),
    });
    if (until === undefined) res.end(BYTES.subarray(from));
    else res.write(BYTES.subarray(from, until), () => setTimeout(() => res.destroy(), 20));
  };
}

describe("a download that breaks off", () => {
  test("goes on where it was when the server gives a strong ETag, as often as it takes", async () => {
    answer = breakingAt([50_000, 120_000, 200_000], '"one"');
    expect((await fetchIt(at())).equals(BYTES)).toBe(true);
    const ranges = asked.map(({ headers }) => headers.range);
    expect(ranges[0]).toBeUndefined();
    expect(ranges).toHaveLength(4);
    expect(asked.slice(1).map(({ headers }) => headers["if-range"])).toEqual(['"one"', '"one"', '"one"']);
  });

  test.each<[string, () => Answer]>([
    ["gives none", () => breakingAt([50_000], null)],
    ["gives a weak one", () => breakingAt([50_000], 'W/"one"')],
    ["begins anew", () => breakingAt([50_000], '"one"', false)],
  ])("is given back as interrupted where the server %s", async (_what, make) => {
    answer = make();
    await expect(fetchIt(at())).rejects.toMatchObject({ code: "SOURCE_INTERRUPTED" });
  });

  test("never mixes two versions of the bytes", async () => {
    let version = 0;
    answer = (req, res) => {
      version += 1;
      breakingAt(version === 1 ? [50_000] : [], `"${version}"`)(req, res);
    };
    await expect(fetchIt(at())).rejects.toMatchObject({ code: "SOURCE_INTERRUPTED" });
  });
});

describe("a server that is not well", () => {
  test.each([500, 502, 503, 504, 429, 408])("is asked again after %d", async (status) => {
    let left = 2;
    answer = (req, res) => (left-- > 0 ? void res.writeHead(status, { "retry-after": "0" }).end() : send(req, res));
    expect((await fetchIt(at())).equals(BYTES)).toBe(true);
    expect(asked).toHaveLength(3);
  });

  test("is left alone as long as its Retry-After says", async () => {
    let left = 1;
    answer = (req, res) => (left-- > 0 ? void res.writeHead(429, { "retry-after": "1" }).end() : send(req, res));
    const startedAt = performance.now();
    await fetchIt(at());
    expect(performance.now() - startedAt).toBeGreaterThan(990);
  });

  test("that resets connections is asked again, and given up after four tries in all", async () => {
    answer = (req) => req.socket.destroy();
    await expect(fetchIt(at())).rejects.toMatchObject({ code: "SOURCE_UNAVAILABLE" });
    expect(asked).toHaveLength(4);
  });

  test("that falls silent is not waited for", async () => {
    answer = () => undefined;
    await expect(fetchIt(at(), { idleMs: 50 })).rejects.toMatchObject({
      code: "SOURCE_UNAVAILABLE",
      message: expect.stringContaining("no data arrived for 50 ms"),
    });
    answer = (_req, res) => void res.writeHead(200, { "content-length": BYTES.length }).write("x");
    await expect(fetchIt(at(), { idleMs: 50 })).rejects.toMatchObject({ code: "SOURCE_INTERRUPTED" });
  });

  test("that drips is not listened to forever", async () => {
    answer = (_req, res) => {
      res.writeHead(200);
      const timer = setInterval(() => res.write("x"), 10);
      res.once("close", () => clearInterval(timer));
    };
    await expect(fetchIt(at(), { totalMs: 200 })).rejects.toMatchObject({
      code: "SOURCE_TOO_SLOW",
      message: expect.stringContaining("more than 200 ms"),
    });
  });

  test("is left when the task is to stop", async () => {
    const stop = new AbortController();
    answer = (_req, res) => {
      res.writeHead(200).write("x");
      setTimeout(() => stop.abort(new Error("cancelled")), 20);
    };
    await expect(fetchIt(at(), { signal: stop.signal })).rejects.toThrow("cancelled");
  });
});

describe("an answer that is no document", () => {
  test.each<[string, Answer, string, RegExp]>([
    ["404", (_req, res) => res.writeHead(404).end("not here"), "NOT_READABLE", /answered 404 Not Found/],
    ["403", (_req, res) => res.writeHead(403).end(), "NOT_READABLE", /this server may access it/],
    ["204", (_req, res) => res.writeHead(204).end(), "NOT_READABLE", /answered 204/],
    ["a redirect to nowhere", (_req, res) => res.writeHead(302).end(), "NOT_READABLE", /answered 302/],
    [
      "compressed, though it was asked for plain",
      (_req, res) => res.writeHead(200, { "content-encoding": "gzip" }).end("x"),
      "NOT_READABLE",
      /Content-Encoding gzip/,
    ],
    [
      "too large by its own word",
      (_req, res) => res.writeHead(200, { "content-length": 5_000_000_000 }).write("x"),
      "TOO_LARGE",
      /5000000000 bytes; the limit is 1000000/,
    ],
  ])("%s fails at once", async (_what, given, code, says) => {
    answer = given;
    await expect(fetchIt(at())).rejects.toMatchObject({ code, message: expect.stringMatching(says) });
    expect(asked).toHaveLength(1);
  });
});

describe("documents behind http:", () => {
  const reader = definePipeline({
    name: "reader",
    version: 1,
    documentStages: [{ name: "download", run: async (ctx) => ctx.document.fetch(), maxAttempts: 1 }],
  });

  test("are downloaded by the worker: whole, begun anew where they broke off, or failed by their code", async () => {
    const rig = await createRig([reader]);
    Object.assign(rig.deps, { networks, maxDocumentBytes: 400_000 });
    const breaking = breakingAt([100_000], null);
    answer = (req, res) => {
      if (req.url === "/breaking") return breaking(req, res);
      if (req.url === "/endless") {
        const timer = setInterval(() => res.write(BYTES), 1);
        return void res.once("close", () => clearInterval(timer));
      }
      if (req.url === "/inside") return redirectTo(`http://127.0.0.1:${closedPort}/`)(req, res);
      return req.url === "/missing" ? void res.writeHead(404).end() : send(req, res);
    };
    const names = ["whole", "breaking", "endless", "inside", "missing"];
    const collectionId = await rig.collection(0);
    await addDocuments(rig.deps, ACTOR, {
      collectionId,
      documents: names.map((name) => ({ name, uri: at(`/${name}`) })),
    });
    await rig.startWorker();
    await rig.settled(await rig.submit("reader", 0, { collectionId }));
    const rows = await rig.db.query(
      `select d.name, t.status, t.error_code as code, d.size_bytes::int as size, d.sha256
       from headway.task t join headway.document d on d.id = t.document_id order by t.ordinal`,
    );
    const whole = { size: BYTES.length, sha256: createHash("sha256").update(BYTES).digest("hex") };
    const none = { status: "FAILED", size: null, sha256: null };
    expect(rows).toEqual([
      { name: "whole", status: "COMPLETED", code: null, ...whole },
      { name: "breaking", status: "COMPLETED", code: null, ...whole },
      { name: "endless", ...none, code: "TOO_LARGE" },
      { name: "inside", ...none, code: "URI_REFUSED" },
      { name: "missing", ...none, code: "NOT_READABLE" },
    ]);
    const stored = async (): Promise<number> => {
      const files = await readdir(rig.deps.fileRoots[0]!, { recursive: true, withFileTypes: true });
      return files.filter((file) => file.isFile()).length;
    };
    expect(await stored()).toBe(2);

    // What is fetched again takes the place of what was there, which goes with the next sweep.
    const before = await keys(rig);
    await rig.settled(await rig.submit("reader", 0, { collectionId }));
    expect(await stored()).toBe(4);
    await deleteDueBlobs(rig.deps, rig.blobs);
    expect(await stored()).toBe(2);
    const after = await keys(rig);
    expect(after.filter((key) => before.includes(key))).toEqual([]);
    for (const key of after) expect(await rig.blobs.size(key)).toBe(BYTES.length);
    await rig.close();
  });

  test("that a worker did not live to record are removed after a day", async () => {
    const rig = await createRig([reader]);
    const jobId = await rig.submit("reader", 1);
    const [task] = await rig.db.query("select id, document_id from headway.task where job_id = $1", [jobId]);
    const claim = { taskId: task.id, fence: "7", projectId: PROJECT } as Claim;
    const key = await beginFetch(rig.db, claim, task.document_id);
    await rig.blobs.write(key, BYTES);
    expect(await deleteDueBlobs(rig.deps, rig.blobs)).toBe(0);
    await rig.db.query("update headway.blob_deletion set delete_after = delete_after - interval '25 hours'");
    expect(await deleteDueBlobs(rig.deps, rig.blobs)).toBe(1);
    expect(await rig.blobs.size(key)).toBeNull();
    await rig.close();
  });

  async function keys(rig: Rig): Promise<string[]> {
    const rows: { key: string }[] = await rig.db.query(
      "select blob_key as key from headway.document where blob_key is not null order by name",
    );
    return rows.map(({ key }) => key);
  }
});
