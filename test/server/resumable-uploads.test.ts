import { createHash, randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import path from "node:path";
import { Upload } from "tus-js-client";
import { KeyRing } from "../../src/access/keys.js";
import { deleteDueBlobs } from "../../src/engine/expiry/expire.js";
import { createLogger } from "../../src/logger.js";
import { createEmbedder } from "../../src/pipelines/embedding/create-embedder.js";
import { expireUploads } from "../../src/reconciler/uploads.js";
import { startServer } from "../../src/server/server.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { startCuttingProxy } from "../support/cutting-proxy.js";
import { keyBy } from "../support/keys.js";
import { until } from "../support/until.js";

const MIB = 1_048_576;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([]);
});
afterAll(() => api.close());

async function announce(sizeBytes: number, more: object = {}): Promise<{ id: string; url: string }> {
  const { createUploads } = await api.client.query<Record<string, any>>(
    "mutation ($input: CreateUploadsInput!) { createUploads(input: $input) { uploads { id url } userErrors { message } } }",
    { input: { files: [{ name: "file", sizeBytes, ...more }] } },
  );
  expect(createUploads.userErrors).toEqual([]);
  return createUploads.uploads[0];
}

const TUS = { "tus-resumable": "1.0.0" };
const OFFSET = "application/offset+octet-stream";
const head = (url: string, headers: object = {}): Promise<Response> =>
  fetch(url, { method: "HEAD", headers: { ...TUS, ...headers } });
const patch = (url: string, offset: number, body: Uint8Array, headers: object = {}): Promise<Response> =>
  fetch(url, {
    method: "PATCH",
    headers: { ...TUS, "content-type": OFFSET, "upload-offset": String(offset), ...headers },
    body: body,
  });
const offsetOf = async (url: string): Promise<number> => Number((await head(url)).headers.get("upload-offset"));

/** A PATCH whose body the test writes by itself; what becomes of it is of no matter. */
function patchSlowly(url: string, offset: number, length: number): ClientRequest {
  const headers = { ...TUS, "content-type": OFFSET, "upload-offset": offset, "content-length": length };
  const req = request(url, { method: "PATCH", headers });
  req.on("error", () => undefined);
  return req;
}

interface Row {
  readonly sha256: string | null;
  readonly isCompleted: boolean;
  readonly parts: number;
  /** Places that are booked for deletion, and not due yet. */
  readonly booked: number;
}
async function rowOf(id: string): Promise<Row> {
  const [row] = await api.rig.db.query(
    `select sha256, completed_at is not null as "isCompleted",
       (select count(*)::int from headway.upload_part where upload_id = u.id) as parts,
       (select count(*)::int from headway.blob_deletion where prefix like 'uploads/' || u.id || '%'
          and delete_after > clock_timestamp()) as booked
     from headway.upload u where id = $1`,
    [id],
  );
  return row;
}
async function filesOf(id: string): Promise<number> {
  const entries = await readdir(api.rig.deps.fileRoots[0]!, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && entry.parentPath.includes(id)).length;
}

/** What is being written just now. */
async function unfinishedBytes(): Promise<number> {
  const folder = path.join(api.rig.deps.fileRoots[0]!, ".unfinished");
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(path.join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe("an upload that is sent bit by bit", () => {
  test("with tus-js-client goes on wherever its connection is cut, and is the file that was sent", async () => {
    const bytes = randomBytes(9 * MIB);
    const { id, url } = await announce(bytes.length);
    const proxy = await startCuttingProxy(Number(new URL(api.url).port), () => MIB);
    const uploadUrl = url.replace(`:${new URL(api.url).port}`, `:${proxy.port}`);
    await new Promise<void>((resolve, reject) => {
      const upload = new Upload(bytes, {
        uploadUrl,
        retryDelays: Array(50).fill(0),
        onError: reject,
        onSuccess: () => resolve(),
      });
      upload.start();
    });
    expect(proxy.cuts).toBeGreaterThanOrEqual(8);
    // What was on its way is sent again, and the heads of requests; nothing else.
    expect(proxy.passedBytes).toBeLessThan(bytes.length * 1.3);
    proxy.close();
    expect(await rowOf(id)).toEqual({ sha256: sha256(bytes), isCompleted: true, parts: 0, booked: 0 });
    const [{ key }] = await api.rig.db.query("select blob_key as key from headway.upload where id = $1", [id]);
    const hash = createHash("sha256");
    for await (const piece of await api.rig.blobs.read(key)) hash.update(piece as Buffer);
    expect(hash.digest("hex")).toBe(sha256(bytes));
    await deleteDueBlobs(api.rig.deps, api.rig.blobs);
    expect(await filesOf(id)).toBe(1);
  });

  test("tells how far it has come, takes the rest from there, and by PUT the whole all the same", async () => {
    const bytes = randomBytes(1_000);
    for (const end of ["PATCH", "PUT"]) {
      const { id, url } = await announce(bytes.length, { sha256: sha256(bytes) });
      const first = await head(url);
      const told = ["upload-offset", "upload-length", "tus-resumable", "cache-control"];
      expect([first.status, ...told.map((name) => first.headers.get(name))]).toEqual([
        200,
        "0",
        "1000",
        "1.0.0",
        "no-store",
      ]);
      const begun = await patch(url, 0, bytes.subarray(0, 400));
      expect([begun.status, begun.headers.get("upload-offset")]).toEqual([204, "400"]);
      expect(await offsetOf(url)).toBe(400);
      expect(await rowOf(id)).toMatchObject({ isCompleted: false, parts: 1, booked: 1 });
      const ended =
        end === "PATCH" ? await patch(url, 400, bytes.subarray(400)) : await fetch(url, { method: "PUT", body: bytes });
      expect(ended.status).toBe(end === "PATCH" ? 204 : 201);
      expect(await offsetOf(url)).toBe(1_000);
      expect(await rowOf(id)).toEqual({ sha256: sha256(bytes), isCompleted: true, parts: 0, booked: 0 });
    }
  });

  test("can be empty, and can come in one piece", async () => {
    const empty = await announce(0);
    expect(await offsetOf(empty.url)).toBe(0);
    expect(await rowOf(empty.id)).toMatchObject({ isCompleted: true, sha256: sha256(Buffer.alloc(0)) });
    const bytes = randomBytes(10);
    const small = await announce(bytes.length);
    expect((await patch(small.url, 0, bytes)).status).toBe(204);
    expect(await rowOf(small.id)).toEqual({ sha256: sha256(bytes), isCompleted: true, parts: 0, booked: 0 });
  });

  test("whose connection hangs is taken over by the next request, with all that has come", async () => {
    const bytes = randomBytes(1_000);
    const { id, url } = await announce(bytes.length);
    const hanging = patchSlowly(url, 0, bytes.length);
    const lost = new Promise((resolve) => hanging.once("close", resolve));
    hanging.write(bytes.subarray(0, 300));
    await until("it has come", async () => (await unfinishedBytes()) === 300);
    // Somebody else's question cuts off nobody.
    const [{ id: projectId }] = await api.rig.db.query(
      "insert into headway.project (id, name) values (gen_random_uuid(), 'foreign') returning id",
    );
    const authorization = `Bearer ${await keyBy(api.rig.db, { projectId })}`;
    expect((await head(url.replace(/\?.*/, ""), { authorization })).status).toBe(404);
    expect(hanging.destroyed).toBe(false);
    expect(await offsetOf(url)).toBe(300);
    await lost;
    expect((await patch(url, 300, bytes.subarray(300))).status).toBe(204);
    expect(await rowOf(id)).toMatchObject({ isCompleted: true, sha256: sha256(bytes) });
  });

  test("of other bytes than were announced is refused at its end, and can be sent anew", async () => {
    const bytes = randomBytes(100);
    for (const pieces of [[100], [40, 60]]) {
      const { id, url } = await announce(100, { sha256: sha256(bytes) });
      let [answer, offset] = [null as Response | null, 0];
      for (const length of pieces) {
        answer = await patch(url, offset, Buffer.alloc(length));
        offset += length;
      }
      expect([answer!.status, await answer!.json()]).toMatchObject([400, { error: { code: "SHA256_MISMATCH" } }]);
      expect(await offsetOf(url)).toBe(0);
      expect(await rowOf(id)).toMatchObject({ isCompleted: false, parts: 0, booked: 0 });
      expect((await patch(url, 0, bytes)).status).toBe(204);
    }
  });

  test("comes in as many pieces as its sender likes: small ones are put together on the way", async () => {
    const bytes = randomBytes(450);
    const { id, url } = await announce(bytes.length, { sha256: sha256(bytes) });
    let most = 0;
    for (let offset = 0; offset < 449; offset += 1) {
      const answer = await patch(url, offset, bytes.subarray(offset, offset + 1));
      expect([answer.status, answer.headers.get("upload-offset")]).toEqual([204, String(offset + 1)]);
      if (offset % 50 === 0 || offset === 448) most = Math.max(most, (await rowOf(id)).parts);
    }
    expect(most).toBeLessThanOrEqual(200);
    expect((await rowOf(id)).parts).toBeLessThan(100);
    // What they were made of is booked to go within the hour, and what has come is there in full.
    const [{ due }] = await api.rig.db.query(
      `select count(*)::int as due from headway.blob_deletion
       where prefix like 'uploads/' || $1::text || '%' and delete_after < clock_timestamp() + interval '61 minutes'`,
      [id],
    );
    expect(due).toBeGreaterThan(390);
    expect((await patch(url, 449, bytes.subarray(449))).status).toBe(204);
    expect(await rowOf(id)).toMatchObject({ sha256: sha256(bytes), isCompleted: true, parts: 0 });
  });

  test("that expires goes with all of its pieces", async () => {
    const { id, url } = await announce(100);
    await patch(url, 0, Buffer.alloc(40));
    expect(await filesOf(id)).toBe(1);
    await api.rig.db.query(
      "update headway.upload set expires_at = clock_timestamp(), sweep_at = clock_timestamp() where id = $1",
      [id],
    );
    expect((await head(url)).status).toBe(404);
    await expireUploads(api.rig.deps);
    await deleteDueBlobs(api.rig.deps, api.rig.blobs);
    expect([await filesOf(id), await rowOf(id)]).toEqual([0, undefined]);
  });

  test("is answered to pages of other origins, which may read how far it is", async () => {
    const { url } = await announce(1);
    const origin = "https://app.example.com";
    const preflight = await fetch(url, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "content-type,tus-resumable,upload-offset",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-methods")).toContain("PATCH");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("upload-offset");
    const told = await head(url, { origin });
    expect(told.headers.get("access-control-allow-origin")).toBe("*");
    expect(told.headers.get("access-control-expose-headers")).toMatch(/Tus-Resumable.*Upload-Length.*Upload-Offset/);
    expect(told.headers.get("referrer-policy")).toBe("no-referrer");
  });
});

describe("a piece is refused, and leaves nothing,", () => {
  test.each<[string, (url: string) => Promise<Response>, number, string]>([
    ["that begins elsewhere", (url) => patch(url, 9, Buffer.alloc(1)), 409, "OFFSET_MISMATCH"],
    ["without its place", (url) => patch(url, 0, Buffer.alloc(1), { "upload-offset": "x" }), 400, "BAD_OFFSET"],
    ["that is more than is left", (url) => patch(url, 10, Buffer.alloc(91)), 413, "TOO_LARGE"],
    [
      "of another media type",
      (url) => patch(url, 10, Buffer.alloc(1), { "content-type": "text/plain" }),
      415,
      "MEDIA_TYPE",
    ],
    ["in a wrapping", (url) => patch(url, 10, Buffer.alloc(1), { "content-encoding": "gzip" }), 415, "ENCODED"],
    ["in another version", (url) => patch(url, 10, Buffer.alloc(1), { "tus-resumable": "0.2.2" }), 412, "VERSION"],
    [
      "of an unknown upload",
      (url) =>
        patch(`${api.url}/uploads/${randomUUID()}`, 10, Buffer.alloc(1), {
          authorization: `Bearer ${api.key}`,
          referer: url,
        }),
      404,
      "NOT_FOUND",
    ],
    [
      "with a key that may only look",
      async (url) =>
        patch(url.replace(/\?.*/, ""), 10, Buffer.alloc(1), {
          authorization: `Bearer ${await keyBy(api.rig.db, { role: "VIEWER" })}`,
        }),
      403,
      "FORBIDDEN",
    ],
  ])("%s", async (_what, send, status, code) => {
    const { id, url } = await announce(100);
    await patch(url, 0, Buffer.alloc(10));
    const answer = await send(url);
    const { error, errors } = (await answer.json()) as Record<string, any>;
    expect([answer.status, error?.code ?? errors[0].extensions.code]).toEqual([status, code]);
    expect(await offsetOf(url)).toBe(10);
    expect(await rowOf(id)).toMatchObject({ parts: 1, booked: 1 });
  });

  test("of two that come at once to two processes, the one that is later", async () => {
    const other = await createSecond();
    const { url } = await announce(100);
    const slow = patchSlowly(url.replace(api.url, other.url), 0, 90);
    const answered = once(slow, "response") as Promise<[IncomingMessage]>;
    slow.write(Buffer.alloc(30));
    await until("it has begun", async () => (await unfinishedBytes()) === 30);
    expect((await patch(url, 0, Buffer.alloc(50))).status).toBe(204);
    slow.end(Buffer.alloc(60));
    expect((await answered)[0].statusCode).toBe(409);
    expect(await offsetOf(url)).toBe(50);
    await other.close();
  });
});

/** Another process's server over the same database and store. */
async function createSecond(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { deps, db, blobs } = api.rig;
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    logger: createLogger("silent"),
    checks: [],
    measured: null,
    api: { deps, stream: api.stream, keys: new KeyRing(db, deps.onError), embedder: createEmbedder("hash"), blobs },
  });
  return { url: server.url, close: () => server.close(0) };
}
