import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { loadConfig, type S3Settings } from "../../src/config.js";
import { addDocuments } from "../../src/engine/collection/add-documents.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import type { BlobStore } from "../../src/storage/blob-store.js";
import { createS3Objects } from "../../src/storage/s3-objects.js";
import { createS3BlobStore } from "../../src/storage/s3.js";
import { openStores, type Stores } from "../../src/storage/stores.js";
import { WorkerLoop } from "../../src/worker/worker.js";
import { ACTOR, createRig } from "../support/engine.js";
import { startS3Server, type S3Server } from "../support/s3-server.js";
import { describeBlobStore } from "./blob-store.conformance.js";

const KEY = "AKIATEST";
let server: S3Server;
let settings: S3Settings;
const stores: { close(): void }[] = [];
beforeAll(async () => {
  server = await startS3Server(KEY);
  settings = loadConfig(environment()).s3;
});
afterAll(async () => {
  for (const store of stores) store.close();
  await server.close();
});

function environment(): Record<string, string> {
  return {
    HEADWAY_S3_ENDPOINT: server.endpoint,
    AWS_ACCESS_KEY_ID: KEY,
    AWS_SECRET_ACCESS_KEY: "secret",
    HEADWAY_S3_SOURCES: "s3://papers/in",
    HEADWAY_BLOBS: "s3://bucket/from/settings/",
  };
}

let made = 0;
function storeAt(place: string): BlobStore {
  const store = createS3BlobStore(place, settings);
  stores.push(store);
  return store;
}

describeBlobStore("S3", async () => storeAt(`s3://bucket/prefix-${(made += 1)}`));

describe("S3 blob store only", () => {
  test("sends what is large in parts, and leaves none where it fails", async () => {
    const store = storeAt("s3://large");
    const bytes = randomBytes(20_000_000);
    const pieces = Array.from({ length: 20 }, (_, i) => bytes.subarray(i * 1_000_000, (i + 1) * 1_000_000));
    expect((await store.write("whole", Readable.from(pieces))).sizeBytes).toBe(bytes.length);
    expect(server.requests.filter((request) => request === "PUT uploadId")).toHaveLength(3);
    expect((await buffer(await store.read("whole"))).equals(bytes)).toBe(true);
    expect((await buffer(await store.read("whole", { start: 9_999_999, end: 10_000_001 }))).length).toBe(3);
    const broken = Readable.from(
      (async function* () {
        yield* pieces;
        throw new Error("the source died");
      })(),
    );
    await expect(store.write("whole", broken)).rejects.toThrow("the source died");
    await expect(store.write("new", Readable.from(pieces), { maxBytes: 19_999_999 })).rejects.toMatchObject({
      code: "TOO_LARGE",
    });
    expect([server.unfinished.size, await store.size("new"), await store.size("whole")]).toEqual([0, null, 20_000_000]);
  });

  test("removes the parts that a dead writer left a day ago, and those of others not", async () => {
    const store = storeAt("s3://parts/mine");
    const begin = async (key: string, hoursAgo: number): Promise<void> => {
      const answer = await fetch(`${server.endpoint}/parts/${key}?uploads`, {
        method: "POST",
        headers: { authorization: `Credential=${KEY}/` },
      });
      const [, id] = /<UploadId>(.*)<\/UploadId>/.exec(await answer.text())!;
      server.unfinished.get(id!)!.startedAt = new Date(Date.now() - hoursAgo * 3_600_000);
    };
    for (const [key, hoursAgo] of [
      ["mine/old", 25],
      ["mine/young", 23],
      ["mine/older", 48],
      ["others/old", 25],
    ] as const) {
      await begin(key, hoursAgo);
    }
    expect([await store.removeAbandoned(), await store.removeAbandoned()]).toEqual([2, 0]);
    expect([...server.unfinished.values()].map(({ name }) => name)).toEqual(["parts/mine/young", "parts/others/old"]);
  });

  test("leaves what dead writers left to a store that does not tell of it", async () => {
    const store = storeAt("s3://silent");
    // As often as the client asks.
    server.fail(3, 501, "NotImplemented");
    expect(await store.removeAbandoned()).toBe(0);
    server.fail(0, 501, "NotImplemented");
  });

  test("asks again while S3 is busy, and fails with what it says once it has had enough", async () => {
    const store = storeAt("s3://busy");
    server.fail(2, 503, "SlowDown");
    expect((await store.write("a", Buffer.from("x"))).sizeBytes).toBe(1);
    server.fail(1, 403, "AccessDenied");
    await expect(store.size("a")).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });

  test("is the store of a process whose settings say so", async () => {
    const opened: Stores = await openStores(loadConfig(environment()));
    await opened.blobs.write("a", Buffer.from("x"));
    expect(server.objects.get("bucket/from/settings/a")?.toString()).toBe("x");
    expect(opened.s3).not.toBeNull();
    await opened.close();
    const none = await openStores(loadConfig({ HEADWAY_DATA_DIR: "/nowhere" }));
    expect(none.s3).toBeNull();
    await none.close();
  });

  test.each([
    ["HEADWAY_BLOBS", "/var/blobs"],
    ["HEADWAY_BLOBS", "s3://"],
    ["HEADWAY_S3_SOURCES", "s3://good,papers"],
    ["HEADWAY_S3_ENDPOINT", "localhost:9000"],
    ["AWS_REGION", "Frankfurt am Main"],
  ])("%s=%s stops the start, by name", (name, value) => {
    expect(() => loadConfig({ [name]: value })).toThrow(`${name} is "${value}"; it must be`);
  });

  test("a key without its secret stops the start, and the secret is never shown", async () => {
    expect(() => loadConfig({ AWS_ACCESS_KEY_ID: "AKIA" })).toThrow(/AWS_SECRET_ACCESS_KEY is not set/);
    const { describeConfig } = await import("../../src/config/describe.js");
    expect(JSON.stringify(describeConfig(loadConfig(environment())))).not.toContain('"secret"');
  });
});

describe("documents behind s3:", () => {
  const reader = definePipeline({
    name: "reader",
    version: 1,
    documentStages: [{ name: "download", run: async (ctx) => ctx.document.fetch(), maxAttempts: 1 }],
  });

  test("are fetched by the worker, or failed by their code", async () => {
    const rig = await createRig([reader]);
    Object.assign(rig.deps, { s3Sources: ["s3://papers/in"], maxDocumentBytes: 1_000 });
    server.put("papers/in/a b.txt", Buffer.from("from S3"));
    server.put("papers/in/large", randomBytes(1_001));
    const collectionId = await rig.collection(0);
    const add = (name: string, uri: string) =>
      addDocuments(rig.deps, ACTOR, { collectionId, documents: [{ name, uri }] });
    await add("good", "s3://papers/in/a%20b.txt");
    await add("large", "s3://papers/in/large");
    await add("missing", "s3://papers/in/missing");
    await expect(add("outside", "s3://papers/out/a")).rejects.toMatchObject({ code: "URI_REFUSED" });
    const s3 = createS3Objects(settings);
    const worker = new WorkerLoop(
      {
        ...rig.deps,
        s3,
        blobs: storeAt("s3://bucket/sources"),
        listenAt: { url: rig.url, route: "direct" },
        logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
        runIsolated: () => Promise.reject(new Error("no stage is isolated here")),
      },
      {
        concurrency: 4,
        leaseMs: 30_000,
        heartbeatMs: 1_000,
        pollMs: 100,
        crashLimit: 3,
        cancelDeadlineMs: 200,
        build: "test",
      },
    );
    await worker.start();
    await rig.settled(await rig.submit("reader", 0, { collectionId }));
    const rows = await rig.db.query(
      `select d.name, t.status, t.error_code as code, d.size_bytes::int as size
       from headway.task t join headway.document d on d.id = t.document_id order by t.ordinal`,
    );
    expect(rows).toEqual([
      { name: "good", status: "COMPLETED", code: null, size: 7 },
      { name: "large", status: "FAILED", code: "TOO_LARGE", size: null },
      { name: "missing", status: "FAILED", code: "NOT_READABLE", size: null },
    ]);
    expect([...server.objects.keys()].filter((name) => name.startsWith("bucket/sources/"))).toHaveLength(1);
    await worker.stop(0);
    s3.close();
    await rig.close();
  });
});
