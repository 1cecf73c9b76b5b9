import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { listen, type RunningServer } from "../../src/server/server.js";
import { attachment, serveArtifact } from "../../src/server/artifacts.js";
import type { BlobStore } from "../../src/storage/blob-store.js";
import { createFilesystemBlobStore } from "../../src/storage/filesystem.js";
import { createRig, PROJECT, type Rig } from "../support/engine.js";
import type { Viewer } from "../../src/graphql/auth.js";
import { logger } from "./world.js";

const NAME = "Übersicht (1).json";
const viewer: Viewer = {
  keyId: randomUUID(),
  name: "tester",
  role: "VIEWER",
  projectId: PROJECT,
  project: "default",
  scope: null,
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
    const parts = { db: rig.db, blobs, authenticate: async () => viewer, logger };
    server = await listen({ host: "127.0.0.1", port: 0, logger, checks: [], measured: null }, null, (app) => {
      app.get("/artifacts/:id", serveArtifact(parts));
    });
  });
  afterAll(async () => {
    await server.close(0);
    await rig.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A row of its own, without the job it would belong to. */
  async function artifact(accepted: boolean, stored = true): Promise<string> {
    const id = randomUUID();
    const key = `artifacts/${id}`;
    const { sizeBytes, sha256 } = await blobs.write(key, Buffer.from('{"a":1}'));
    if (!stored) await blobs.remove(key);
    const runner = rig.db.createQueryRunner();
    try {
      await runner.startTransaction();
      await runner.query("alter table artifact drop constraint if exists artifact_job_id_fkey");
      await runner.query("alter table artifact drop constraint if exists artifact_task_id_fkey");
      await runner.query(
        `insert into artifact (id, project_id, job_id, task_id, fence, stage, name, media_type, size_bytes, sha256,
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
