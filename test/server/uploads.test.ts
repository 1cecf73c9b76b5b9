import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { once } from "node:events";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import path from "node:path";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import express from "express";
import { createUploads, type NewUpload } from "../../src/engine/uploads/uploads.js";
import { deleteDueBlobs } from "../../src/engine/expiry/expire.js";
import { KeyRing } from "../../src/access/keys.js";
import { authenticate, type Principal } from "../../src/access/principal.js";
import { armFailpoint } from "../../src/failpoint.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { expireUploads } from "../../src/reconciler/uploads.js";
import { boundBodies, receive } from "../../src/server/receive.js";
import { startListening, type RunningServer } from "../../src/server/server.js";
import { serveUpload } from "../../src/server/uploads.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { ACTOR } from "../support/engine.js";
import { keyBy } from "../support/keys.js";
import { until } from "../support/until.js";
import { logger } from "./world.js";

const MAX = 10_000_000;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const readers: string[] = [];
const reader = definePipeline({
  name: "reader",
  version: 1,
  documentStages: [
    {
      name: "read",
      run: async (ctx) => {
        readers.push(await ctx.document.text());
        return await ctx.document.fetch();
      },
    },
  ],
});

let api: TestApi;
let folder: string;
/** Keys by their role; `foreign` is another project's. */
const foreign = randomUUID();
let keys: Record<"VIEWER" | "OPERATOR" | "foreign", string>;
/** At /uploads as any; at /hurried it expects 1,000 bytes in every 300 ms. */
let server: RunningServer;
beforeAll(async () => {
  api = await createTestApi([reader]);
  const { db } = api.rig;
  folder = api.rig.deps.fileRoots[0]!;
  await db.query("insert into headway.project (id, name) values ($1, 'foreign')", [foreign]);
  keys = {
    VIEWER: await keyBy(db, { role: "VIEWER" }),
    OPERATOR: await keyBy(db, { role: "OPERATOR" }),
    foreign: await keyBy(db, { projectId: foreign }),
  };
  const ring = new KeyRing(db, api.rig.deps.onError);
  const principalOf = ({ headers }: IncomingMessage): Promise<Principal> => authenticate(ring, headers.authorization);
  const deps = { db, blobs: api.rig.blobs, authenticate: principalOf, maxDocumentBytes: MAX, logger };
  server = await startListening({ host: "127.0.0.1", port: 0, logger, checks: [], measured: null }, null, (app) => {
    app.put("/uploads/:id", serveUpload(deps));
    app.put("/hurried/:id", serveUpload({ ...deps, pace: { windowMs: 300, minBytes: 1_000 } }));
  });
});
afterAll(async () => {
  await server.close(0);
  await api.close();
});

async function announce(bytes: Uint8Array | number, more: Partial<NewUpload> = {}): Promise<string> {
  const sizeBytes = typeof bytes === "number" ? bytes : bytes.length;
  const [made] = await createUploads(api.rig.deps, ACTOR, { files: [{ name: "file", sizeBytes, ...more }] });
  return made!.id;
}

interface Answer {
  readonly status: number;
  readonly body: {
    error?: { code: string; message: string };
    errors?: { message: string; extensions: { code: string } }[];
    upload?: { sizeBytes: number; sha256: string };
  };
}

/** A PUT whose body the test writes by itself. */
function put(
  id: string,
  headers: Record<string, string | number> = {},
  route: "uploads" | "hurried" = "uploads",
): { req: ClientRequest; answer: Promise<Answer> } {
  const req = request(`${server.url}/${route}/${id}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${keys.OPERATOR}`, ...headers },
  });
  const answer = (once(req, "response") as Promise<[IncomingMessage]>).then(async ([response]) => ({
    status: response.statusCode!,
    body: JSON.parse(await text(response)) as Answer["body"],
  }));
  answer.catch(() => undefined);
  req.on("error", () => undefined);
  return { req, answer };
}

async function send(id: string, bytes: Uint8Array, headers: Record<string, string | number> = {}): Promise<Answer> {
  const { req, answer } = put(id, { "content-length": bytes.length, ...headers });
  req.end(bytes);
  return answer;
}

/** Files and bytes in the store, the unfinished ones among them. */
async function disk(): Promise<{ files: number; bytes: number }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  // What is gone between the two looks does not count.
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size }) => [size],
        () => [],
      ),
    ),
  );
  return { files: sizes.flat().length, bytes: sizes.flat().reduce((sum, size) => sum + size, 0) };
}

async function sweep(): Promise<void> {
  await expireUploads(api.rig.deps);
  await deleteDueBlobs(api.rig.deps, api.rig.blobs);
}

const CREATE = `mutation ($files: [UploadFileInput!]!) { createUploads(input: { files: $files }) {
  uploads { id url expiresAt } userErrors { code message path } } }`;
const ADD = `mutation ($id: ID!, $documents: [DocumentInput!]!) { addDocuments(input: { collectionId: $id, documents: $documents }) {
  documents { id name mediaType sizeBytes sha256 contentVersion sourceUri } userErrors { code message path } } }`;

async function add(collectionId: string, ...documents: { name: string; uploadId?: string; text?: string }[]) {
  const { data, errors } = await api.send(ADD, { id: collectionId, documents });
  expect(errors).toEqual([]);
  return data!.addDocuments as { documents: Record<string, unknown>[]; userErrors: Record<string, unknown>[] };
}

describe("an upload", () => {
  test("is announced, sent with PUT, made a document of, and read by a worker", async () => {
    const bytes = Buffer.from("What was sent. ".repeat(10_000));
    const { data } = await api.send(CREATE, {
      files: [{ name: "a.txt", mediaType: "text/plain", sizeBytes: bytes.length, sha256: sha256(bytes).toUpperCase() }],
    });
    const [upload] = data!.createUploads.uploads;
    expect(upload.url.split("?")[0]).toBe(`${api.url}/uploads/${upload.id}`);
    expect(Date.parse(upload.expiresAt) - Date.now()).toBeGreaterThan(23 * 3_600_000);
    const answer = await fetch(upload.url, {
      method: "PUT",
      body: bytes,
      headers: { authorization: `Bearer ${api.key}` },
    });
    expect([answer.status, await answer.json()]).toEqual([
      201,
      { upload: { id: upload.id, sizeBytes: bytes.length, sha256: sha256(bytes) } },
    ]);
    const collectionId = await api.rig.collection(0);
    const { documents } = await add(collectionId, { name: "sent.txt", uploadId: upload.id });
    expect(documents).toEqual([
      {
        id: expect.any(String),
        name: "sent.txt",
        mediaType: "text/plain",
        sizeBytes: bytes.length,
        sha256: sha256(bytes),
        contentVersion: 1,
        sourceUri: null,
      },
    ]);
    const worker = await api.rig.startWorker();
    const jobId = await api.rig.submit("reader", 0, { collectionId });
    expect(await api.rig.settled(jobId)).toBe("COMPLETED");
    await worker.stop(0);
    expect(readers.splice(0)).toEqual([bytes.toString()]);
  });

  test("can be empty", async () => {
    const id = await announce(0);
    expect(await send(id, Buffer.alloc(0))).toMatchObject({ status: 201, body: { upload: { sizeBytes: 0 } } });
  });

  test("that is complete answers 200 to the same bytes, and nothing is written", async () => {
    const bytes = randomBytes(1_000);
    const id = await announce(bytes);
    expect((await send(id, bytes)).status).toBe(201);
    const before = await disk();
    expect(await send(id, bytes)).toMatchObject({ status: 200, body: { upload: { sha256: sha256(bytes) } } });
    const other = await send(id, randomBytes(1_000));
    expect(other).toMatchObject({ status: 400, body: { error: { code: "SHA256_MISMATCH" } } });
    expect((await send(id, randomBytes(1_001))).status).toBe(413);
    expect(await disk()).toEqual(before);
  });

  test("that broke off is sent again from the start, and the disk is as it was between", async () => {
    const bytes = randomBytes(200_000);
    const id = await announce(bytes);
    const before = await disk();
    const { req, answer } = put(id, { "content-length": bytes.length });
    req.write(bytes.subarray(0, 100_000));
    await until("half of it is on the disk", async () => (await disk()).bytes > before.bytes);
    req.destroy();
    await expect(answer).rejects.toThrow();
    await until("nothing of it is left", async () => (await disk()).bytes === before.bytes);
    expect(await disk()).toEqual(before);
    expect((await send(id, bytes)).status).toBe(201);
  });

  test.each<[string, string, number]>([
    ["the same bytes", "a", 200],
    ["other bytes", "b", 400],
  ])(
    "that is sent by two at once, the second with %s, is taken from one of them, whole",
    async (_what, fill, loses) => {
      const versions = [Buffer.alloc(300_000, "a"), Buffer.alloc(300_000, fill)];
      const id = await announce(300_000);
      const before = await disk();
      const puts = versions.map((bytes) => ({ bytes, ...put(id, { "content-length": bytes.length }) }));
      for (const { req, bytes } of puts) req.write(bytes.subarray(0, 150_000));
      await until("both are under way", async () => (await disk()).files === before.files + 2);
      for (const { req, bytes } of puts) req.end(bytes.subarray(150_000));
      const answers = await Promise.all(puts.map(({ answer }) => answer));
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual(
        [201, loses].toSorted((a, b) => a - b),
      );
      const winner = answers.findIndex(({ status }) => status === 201);
      const one = sha256(versions[winner]!);
      expect(answers[winner]!.body.upload!.sha256).toBe(one);
      await sweep();
      expect(await disk()).toEqual({ files: before.files + 1, bytes: before.bytes + 300_000 });
      const [{ key }] = await api.rig.db.query("select blob_key as key from headway.upload where id = $1", [id]);
      const stored = createHash("sha256");
      for await (const piece of await api.rig.blobs.read(key)) stored.update(piece as Buffer);
      expect(stored.digest("hex")).toBe(one);
    },
  );
});

describe("H4: an upload is refused, with the disk as it was:", () => {
  const refused = async (run: () => Promise<Answer>, status: number, code: string, says: RegExp): Promise<void> => {
    const before = await disk();
    const { status: got, body } = await run();
    const said = body.error ?? { code: body.errors?.[0]?.extensions.code, message: body.errors?.[0]?.message };
    expect([got, said.code]).toEqual([status, code]);
    expect(said.message).toMatch(says);
    await sweep();
    expect(await disk()).toEqual(before);
  };

  test("5 GB, before a byte of it is read", () =>
    refused(
      async () => {
        const { req, answer } = put(await announce(1_000), { "content-length": 5_000_000_000 });
        req.write(randomBytes(1_000));
        return answer;
      },
      413,
      "TOO_LARGE",
      /5000000000 bytes; the limit is 10000000/,
    ));

  test("more than was announced, by its length or, without one, as it comes", async () => {
    await refused(async () => send(await announce(10), randomBytes(11)), 413, "TOO_LARGE", /created for 10;/);
    await refused(
      async () => {
        const { req, answer } = put(await announce(10), { "transfer-encoding": "chunked" });
        // It never ends, and is cut off once it has been answered.
        const timer = setInterval(() => req.write(randomBytes(10_000)), 5);
        req.once("close", () => clearInterval(timer));
        const refusal = await answer;
        await until("the connection is cut", () => req.destroyed);
        return refusal;
      },
      413,
      "TOO_LARGE",
      /more than the 10 bytes/,
    );
  });

  test("fewer than was announced, by its length or, without one, at its end", async () => {
    await refused(
      async () => send(await announce(10), randomBytes(9)),
      400,
      "SIZE_MISMATCH",
      /has 9 bytes, but the upload was created for 10/,
    );
    await refused(
      async () => {
        const { req, answer } = put(await announce(10), { "transfer-encoding": "chunked" });
        req.end(randomBytes(9));
        return answer;
      },
      400,
      "SIZE_MISMATCH",
      /has 9 bytes, but the upload was created for 10/,
    );
  });

  test("other bytes than were announced", async () => {
    const bytes = randomBytes(1_000);
    const id = await announce(bytes, { sha256: sha256(bytes) });
    await refused(
      () => send(id, randomBytes(1_000)),
      400,
      "SHA256_MISMATCH",
      new RegExp(`created for ${sha256(bytes)}`),
    );
    expect((await send(id, bytes)).status).toBe(201);
  });

  test("slow by the byte, and never finished", async () => {
    const drip = async (everyMs: number): Promise<Answer> => {
      const { req, answer } = put(await announce(5_000), { "content-length": 5_000 }, "hurried");
      req.write("x");
      const timer = setInterval(() => req.write("x"), everyMs);
      const refusal = await answer.finally(() => clearInterval(timer));
      await until("the connection is cut", () => req.destroyed);
      return refusal;
    };
    await refused(() => drip(20), 408, "TOO_SLOW", /bytes arrived in 300 ms; the minimum is 1000/);
    await refused(() => drip(60_000), 408, "TOO_SLOW", /Only [01] bytes arrived/);
  });

  test.each<[string, () => string, number, string]>([
    ["no key", () => "", 401, "UNAUTHENTICATED"],
    ["a wrong key", () => "Bearer hw_wrong", 401, "UNAUTHENTICATED"],
    ["a key that may only look", () => `Bearer ${keys.VIEWER}`, 403, "FORBIDDEN"],
    ["another project's key", () => `Bearer ${keys.foreign}`, 404, "NOT_FOUND"],
  ])("%s", async (_what, authorization, status, code) => {
    const bytes = randomBytes(10);
    const id = await announce(bytes);
    await refused(() => send(id, bytes, { authorization: authorization() }), status, code, /./);
    expect((await send(id, bytes)).status).toBe(201);
  });

  test("an unknown id, one that is none, an expired one, and bytes in a wrapping", async () => {
    const bytes = randomBytes(10);
    await refused(() => send(randomUUID(), bytes), 404, "NOT_FOUND", /create one with createUploads/);
    await refused(() => send("first", bytes), 404, "NOT_FOUND", /"first"/);
    const past = await announce(bytes);
    await api.rig.db.query("update headway.upload set expires_at = clock_timestamp() where id = $1", [past]);
    await refused(() => send(past, bytes), 404, "NOT_FOUND", /has expired/);
    const id = await announce(bytes);
    await refused(() => send(id, bytes, { "content-encoding": "gzip" }), 415, "ENCODED", /gzip/);
  });
});

test("a body is never held whole: pieces go as they come", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const piece = 64 * 1024;
  const count = 6_000;
  const made: WeakRef<Buffer>[] = [];
  const body = Readable.from(
    (async function* () {
      for (let i = 0; i < count; i += 1) {
        const bytes = Buffer.alloc(piece);
        made.push(new WeakRef(bytes));
        yield bytes;
        if (i % 100 === 0) await new Promise(setImmediate);
      }
    })(),
  ) as unknown as IncomingMessage;
  // Memory as the process tells it lags behind: what a collection frees is given back by a thread of its own.
  const held: number[] = [];
  let pieces = 0;
  for await (const _ of receive(body, { sizeBytes: piece * count, sha256: null })) {
    pieces += 1;
    if (pieces % 1_000 !== 0) continue;
    await new Promise(setImmediate); // What has just been made or looked at is kept until here.
    collectGarbage();
    held.push(made.filter((one) => one.deref() !== undefined).length);
  }
  expect(pieces).toBe(count);
  expect(held).toHaveLength(6);
  expect(Math.max(...held)).toBeLessThan(200);
});

test("H10: a body that nobody receives at a pace is not waited for, on whatever path", async () => {
  const app = express()
    .use(boundBodies(50))
    .put("/uploads/x", async (req, res) => {
      const body = receive(req, { sizeBytes: 2, sha256: null });
      res.json({ bytes: (await buffer(body)).length });
    })
    .use(async (req, res) => void res.json({ bytes: (await buffer(req)).length }));
  const bounded = app.listen(0, "127.0.0.1");
  await once(bounded, "listening");
  const { port } = bounded.address() as AddressInfo;
  const send = (method: string, at: string, endsAfterMs: number): Promise<string> => {
    const req = request({ host: "127.0.0.1", port, path: at, method, headers: { "content-length": 2 } });
    req.write("a");
    setTimeout(() => req.end("b"), endsAfterMs).unref();
    return new Promise((resolve, reject) => req.on("response", (res) => resolve(text(res))).on("error", reject));
  };
  expect(await send("POST", "/graphql", 0)).toBe('{"bytes":2}');
  for (const at of ["/graphql", "/uploads/x", "/uploads/x/y", "/"]) {
    await expect(send("POST", at, 60_000)).rejects.toThrow(/hang up|ECONNRESET/);
  }
  expect(await send("PUT", "/uploads/x", 150)).toBe('{"bytes":2}');
  bounded.close();
});

test("every other method is answered with the one there is", async () => {
  for (const method of ["GET", "POST", "DELETE"]) {
    const answer = await fetch(`${api.url}/uploads/${await announce(1)}`, { method });
    expect([answer.status, answer.headers.get("allow"), await answer.json()]).toMatchObject([
      405,
      "HEAD, PATCH, PUT",
      { error: { code: "METHOD_NOT_ALLOWED" } },
    ]);
  }
});

describe("createUploads refuses", () => {
  test.each<[string, unknown[], string, string[]]>([
    ["no file", [], "INVALID_INPUT", ["files"]],
    ["more than is taken", [{ name: "a", sizeBytes: MAX + 1 }], "TOO_LARGE", ["files", "0", "sizeBytes"]],
    ["a size below nothing", [{ name: "a", sizeBytes: -1 }], "INVALID_INPUT", ["files", "0", "sizeBytes"]],
    ["a name that is blank", [{ name: " ", sizeBytes: 1 }], "INVALID_INPUT", ["files", "0", "name"]],
    [
      "what is no sha256",
      [
        { name: "a", sizeBytes: 1 },
        { name: "b", sizeBytes: 1, sha256: "abc" },
      ],
      "INVALID_INPUT",
      ["files", "1", "sha256"],
    ],
    ["1,001 files", Array(1_001).fill({ name: "a", sizeBytes: 1 }), "LIMIT_EXCEEDED", ["files"]],
  ])("%s, and makes none", async (_what, files, code, where) => {
    const count = async (): Promise<number> =>
      (await api.rig.db.query("select count(*)::int as n from headway.upload"))[0].n;
    const before = await count();
    const { data } = await api.send(CREATE, { files });
    expect(data!.createUploads).toMatchObject({ uploads: [], userErrors: [{ code, path: ["input", ...where] }] });
    expect(await count()).toBe(before);
  });
});

describe("DocumentInput.uploadId", () => {
  test("is refused while the bytes are missing, and when it is unknown, no uuid, or not alone", async () => {
    const collectionId = await api.rig.collection(0);
    const id = await announce(10);
    expect((await add(collectionId, { name: "a", uploadId: id })).userErrors).toMatchObject([
      { code: "UPLOAD_INCOMPLETE", path: ["input", "documents", "0", "uploadId"] },
    ]);
    const unknown = randomUUID();
    expect(
      (await add(collectionId, { name: "a", text: "t" }, { name: "b", uploadId: unknown })).userErrors,
    ).toMatchObject([{ code: "NOT_FOUND", path: ["input", "documents", "1", "uploadId"] }]);
    const [theirs] = await createUploads(
      api.rig.deps,
      { ...ACTOR, projectId: foreign },
      { files: [{ name: "theirs", sizeBytes: 1 }] },
    );
    const refusal = async (uploadId: string): Promise<unknown> =>
      JSON.parse(JSON.stringify(await add(collectionId, { name: "a", uploadId })).replaceAll(uploadId, "ID"));
    expect(await refusal(theirs!.id)).toEqual(await refusal(unknown));
    expect((await add(collectionId, { name: "a", uploadId: id, text: "t" })).userErrors).toMatchObject([
      { code: "INVALID_INPUT", message: expect.stringContaining("it has text and uploadId") },
    ]);
    expect((await add(collectionId, { name: "a", uploadId: "first" })).userErrors).toMatchObject([
      { code: "INVALID_INPUT", path: ["input", "documents", "0", "uploadId"] },
    ]);
    const rows = await api.rig.db.query("select from headway.document where collection_id = $1", [collectionId]);
    expect(rows).toHaveLength(0);
  });

  test("can be given again, for the same document and for others", async () => {
    const bytes = randomBytes(100);
    const id = await announce(bytes);
    await send(id, bytes);
    const collectionId = await api.rig.collection([{ name: "other", text: "t" }]);
    const [first] = (await add(collectionId, { name: "a", uploadId: id })).documents;
    const again = await add(collectionId, { name: "a", uploadId: id }, { name: "other", uploadId: id });
    expect(again.userErrors).toEqual([]);
    expect(again.documents).toMatchObject([
      { id: first!.id, contentVersion: 1, sha256: sha256(bytes) },
      { name: "other", contentVersion: 2, sha256: sha256(bytes) },
    ]);
  });
});

describe("the bytes of an upload", () => {
  const state = async (id: string) =>
    (await api.rig.db.query("select sweep_at from headway.upload where id = $1", [id]))[0];
  const age = (id: string) =>
    api.rig.db.query("update headway.upload set expires_at = now(), sweep_at = now() where id = $1", [id]);
  async function sent(): Promise<{ id: string; before: Awaited<ReturnType<typeof disk>> }> {
    await sweep();
    const before = await disk();
    const bytes = randomBytes(50_000);
    const id = await announce(bytes);
    expect((await send(id, bytes)).status).toBe(201);
    expect((await disk()).bytes).toBe(before.bytes + 50_000);
    return { id, before };
  }

  test("go when it expires unused", async () => {
    const { id, before } = await sent();
    await age(id);
    await sweep();
    expect(await state(id)).toBeUndefined();
    expect(await disk()).toEqual(before);
  });

  test("stay with its documents after it has expired, and go with the last of them", async () => {
    const { id, before } = await sent();
    const kept = await disk();
    const [one, two] = [await api.rig.collection(0), await api.rig.collection(0)];
    await add(one, { name: "a", uploadId: id });
    await add(two, { name: "b", uploadId: id });
    await age(id);
    await sweep();
    expect(await disk()).toEqual(kept);
    expect((await add(two, { name: "c", uploadId: id })).userErrors).toMatchObject([
      { code: "NOT_FOUND", message: expect.stringContaining("has expired") },
    ]);
    const expire = `mutation ($id: ID!) { deleteCollection(input: { collectionId: $id }) { userErrors { code } } }`;
    await api.send(expire, { id: one });
    await sweep();
    expect(await disk()).toEqual(kept);
    await api.send(expire, { id: two });
    await sweep();
    expect(await state(id)).toBeUndefined();
    expect(await disk()).toEqual(before);
  });

  test("go with their two last documents, whichever way these go at the same time", async () => {
    const before = await disk();
    const ways = [
      `mutation ($id: ID!, $document: ID!) {
         removeDocuments(input: { collectionId: $id, documentIds: [$document] }) { userErrors { code } } }`,
      "mutation ($id: ID!) { deleteCollection(input: { collectionId: $id }) { userErrors { code } } }",
      `mutation ($id: ID!) {
         addDocuments(input: { collectionId: $id, documents: [{ name: "a", text: "other" }] }) { userErrors { code } } }`,
    ];
    const left: string[] = [];
    for (let round = 0; round < 30; round += 1) {
      const bytes = randomBytes(100);
      const id = await announce(bytes);
      expect((await send(id, bytes)).status).toBe(201);
      const holders = await Promise.all(
        [0, 1].map(async () => {
          const collection = await api.rig.collection(0);
          const [document] = (await add(collection, { name: "a", uploadId: id })).documents;
          return { id: collection, document: document!.id };
        }),
      );
      const [one, other] = [ways[round % 3]!, ways[Math.floor(round / 3) % 3]!];
      const answers = await Promise.all([api.send(one, holders[0]), api.send(other, holders[1])]);
      expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
      await sweep();
      if ((await state(id)) !== undefined) left.push(`round ${round}`);
    }
    expect(left).toEqual([]);
    expect(await disk()).toEqual(before);
  });

  test("go when the document gets other content", async () => {
    const { id, before } = await sent();
    const collectionId = await api.rig.collection(0);
    await add(collectionId, { name: "a", uploadId: id });
    expect((await add(collectionId, { name: "a", text: "other" })).documents).toMatchObject([{ contentVersion: 2 }]);
    await sweep();
    expect(await state(id)).toBeUndefined();
    expect(await disk()).toEqual(before);
  });

  test("are kept from the sweep by a document that is being made of them", async () => {
    const { id } = await sent();
    await age(id);
    const runner = api.rig.db.createQueryRunner();
    await runner.startTransaction();
    await runner.query("select from headway.upload where id = $1 for key share", [id]);
    await sweep();
    expect(await state(id)).toBeDefined();
    await runner.rollbackTransaction();
    await runner.release();
    await sweep();
    expect(await state(id)).toBeUndefined();
  });

  test("that a process left which stopped before it could complete them go at their time, and another's stay", async () => {
    await sweep();
    const before = await disk();
    const bytes = randomBytes(50_000);
    const id = await announce(bytes);
    armFailpoint("upload.after_write:hang@1-1");
    const hung = put(id, { "content-length": bytes.length });
    hung.req.end(bytes);
    await until("the first has written", async () => (await disk()).files === before.files + 1);
    expect((await send(id, bytes)).status).toBe(201);
    hung.req.destroy();
    await sweep();
    expect(await disk()).toEqual({ files: before.files + 2, bytes: before.bytes + 100_000 });
    await api.rig.db.query("update headway.blob_deletion set delete_after = now() where prefix like $1", [
      `uploads/${id}/%`,
    ]);
    await sweep();
    expect(await disk()).toEqual({ files: before.files + 1, bytes: before.bytes + 50_000 });
    const [{ key }] = await api.rig.db.query("select blob_key as key from headway.upload where id = $1", [id]);
    expect(await api.rig.blobs.size(key)).toBe(50_000);
  });
});
