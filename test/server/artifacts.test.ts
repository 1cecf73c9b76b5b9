import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startListening, type RunningServer } from "../../src/server/server.js";
import { serveArtifact } from "../../src/server/artifacts.js";
import { attachment } from "../../src/server/files.js";
import type { BlobStore } from "../../src/storage/blob-store.js";
import { createFilesystemBlobStore } from "../../src/storage/filesystem.js";
import { createRig, PROJECT, type Rig } from "../support/engine.js";
import type { Principal } from "../../src/access/principal.js";
import { logger } from "./world.js";

const NAME = "Übersicht (1).json";
const principal: Principal = {
  keyId: randomUUID(),
  name: "tester",
  role: "VIEWER",
  projectId: PROJECT,
  project: "default",
  scope: null,
  countsAs: "tester",
  rootKeyId: "tester",
};

describe("artifacts over HTTP", () => {
  let rig: Rig;
  let blobs: BlobStore;
  let folder: string;
  let server: RunningServer;
  beforeAll(async () => {
    rig = await createRig([]);
    folder = await mkdtemp(path.join(tmpdir(), "headway-artifacts-"));
    blobs = createFilesystemBlobStore(folder);
    const deps = { db: rig.db, blobs, authenticate: async () => principal, logger };
    server = await startListening({ host: "127.0.0.1", port: 0, logger, checks: [], measured: null }, null, (app) => {
      app.get("/artifacts/:id", serveArtifact(deps));
    });
  });
  afterAll(async () => {
    await server.close(0);
    await rig.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A row of its own, without the job it would belong to. */
  async function artifact(accepted: boolean, stored = true, content = '{"a":1}'): Promise<string> {
    const id = randomUUID();
    const key = `artifacts/${id}`;
    const { sizeBytes, sha256 } = await blobs.write(key, Buffer.from(content));
    if (!stored) await blobs.remove(key);
    const runner = rig.db.createQueryRunner();
    try {
      await runner.startTransaction();
      await runner.query("alter table headway.artifact drop constraint if exists artifact_job_id_fkey");
      await runner.query("alter table headway.artifact drop constraint if exists artifact_task_id_fkey");
      await runner.query(
        `insert into headway.artifact (id, project_id, job_id, task_id, fence, stage, name, media_type, size_bytes, sha256,
           blob_key, accepted) values ($1, $2, $3, $3, 1, 'write', $4, 'application/json', $5, $6, $7, $8)`,
        [id, PROJECT, randomUUID(), NAME, sizeBytes, sha256, key, accepted],
      );
      await runner.commitTransaction();
    } finally {
      await runner.release();
    }
    return id;
  }

  const get = (id: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
    fetch(`${server.url}/artifacts/${id}`, { headers, method });

  test("come as downloads with their type, size and hash", async () => {
    const answer = await get(await artifact(true));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('{"a":1}');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/json",
      "content-length": "7",
      "x-content-type-options": "nosniff",
      "content-disposition": attachment(NAME),
    });
    expect(answer.headers.get("etag")).toMatch(/^"[0-9a-f]{64}"$/);
  });

  test("are not sent again to who has them, nor to who asks for the head only", async () => {
    const id = await artifact(true);
    const head = await get(id, {}, "HEAD");
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "7", ""]);
    expect((await get(id, { "if-none-match": head.headers.get("etag")! })).status).toBe(304);
  });

  describe("by ranges", () => {
    const DIGITS = "0123456789";
    test.each<[string, number, string, string | null]>([
      ["bytes=0-0", 206, "0", "bytes 0-0/10"],
      ["bytes=2-5", 206, "2345", "bytes 2-5/10"],
      ["bytes=8-", 206, "89", "bytes 8-9/10"],
      ["bytes=-3", 206, "789", "bytes 7-9/10"],
      ["bytes=-100", 206, DIGITS, "bytes 0-9/10"],
      ["bytes=5-100", 206, "56789", "bytes 5-9/10"],
      ["bytes=10-", 416, "", "bytes */10"],
      ["bytes=20-30", 416, "", "bytes */10"],
      ["bytes=0-1,5-6", 200, DIGITS, null],
      ["bytes=0-1,1-6", 206, "0123456", "bytes 0-6/10"],
      ["bytes=a-b", 200, DIGITS, null],
      ["pages=1-2", 200, DIGITS, null],
      ["nonsense", 200, DIGITS, null],
    ])("%s gets %d", async (range, status, body, contentRange) => {
      const answer = await get(await artifact(true, true, DIGITS), { range });
      const got = await answer.text();
      expect([answer.status, answer.headers.get("content-range")]).toEqual([status, contentRange]);
      if (status === 416) expect(JSON.parse(got)).toMatchObject({ error: { code: "RANGE_NOT_SATISFIABLE" } });
      else expect([got, answer.headers.get("content-length")]).toEqual([body, String(body.length)]);
      if (status !== 416) expect(answer.headers.get("accept-ranges")).toBe("bytes");
    });

    test("only of the bytes that the client has begun with: If-Range takes this ETag and nothing else", async () => {
      const id = await artifact(true, true, DIGITS);
      const etag = (await get(id, {}, "HEAD")).headers.get("etag")!;
      const ask = async (ifRange: string): Promise<[number, string]> => {
        const answer = await get(id, { range: "bytes=4-6", "if-range": ifRange });
        return [answer.status, await answer.text()];
      };
      expect(await ask(etag)).toEqual([206, "456"]);
      expect(await ask('"another"')).toEqual([200, DIGITS]);
      expect(await ask(`W/${etag}`)).toEqual([200, DIGITS]);
      expect(await ask(new Date().toUTCString())).toEqual([200, DIGITS]);
      expect((await get(id, { range: "bytes=4-6", "if-none-match": etag })).status).toBe(304);
      expect((await get(id, { range: "bytes=4-6" }, "HEAD")).status).toBe(200);
    });

    test("of an empty one there is none", async () => {
      const id = await artifact(true, true, "");
      expect((await get(id, { range: "bytes=0-" })).status).toBe(416);
      expect((await get(id)).headers.get("content-length")).toBe("0");
    });
  });

  test.each<[string, () => Promise<string>]>([
    ["is unknown", async () => randomUUID()],
    ["has an id that is no uuid", async () => "first"],
    ["was never accepted", () => artifact(false)],
    ["has lost its bytes", () => artifact(true, false)],
  ])("answer 404 in JSON where one %s", async (_what, make) => {
    const answer = await get(await make());
    expect([answer.status, await answer.json()]).toMatchObject([404, { error: { code: "NOT_FOUND" } }]);
  });

  test("keep their names, whatever is in them", () => {
    expect(attachment(NAME)).toBe(
      `attachment; filename="_bersicht (1).json"; filename*=UTF-8''%C3%9Cbersicht%20%281%29.json`,
    );
    expect(attachment('a"\r\nb')).toBe(`attachment; filename="a___b"; filename*=UTF-8''a%22%0D%0Ab`);
  });
});
