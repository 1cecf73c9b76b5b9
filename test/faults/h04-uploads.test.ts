import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiClient } from "../../src/cli/client.js";
import { until } from "../support/until.js";
import { createFaultRig, hasExited, hasFired, ROLES, type FaultRig } from "./rig.js";

const BYTES = randomBytes(200_000);
let rig: FaultRig;
let folder: string;
let settings: Record<string, string>;
let url: string;
let key: string;
let api: ApiClient;
beforeAll(async () => {
  rig = await createFaultRig();
  folder = await mkdtemp(path.join(tmpdir(), "headway-uploads-"));
  settings = { HEADWAY_DATA_DIR: folder };
  const process = await rig.start(settings, { HEADWAY_ROLES: "api,reconciler" });
  ({ url, key } = process);
  api = rig.client(process);
});
afterAll(async () => {
  await rig.close();
  await rm(folder, { recursive: true, force: true });
});

async function announce(): Promise<string> {
  const { uploads } = await api.mutate<{ uploads: { id: string }[]; userErrors: [] }>(
    'mutation ($size: BigInt!) { createUploads(input: { files: [{ name: "f", sizeBytes: $size }] }) { uploads { id } userErrors { code message } } }',
    { size: BYTES.length },
  );
  return uploads[0]!.id;
}

async function files(): Promise<string[]> {
  const entries = await readdir(path.join(folder, "blobs"), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

const authorization = (): { authorization: string } => ({ authorization: `Bearer ${key}` });
const put = (base: string, id: string): Promise<Response> =>
  fetch(`${base}/uploads/${id}`, { method: "PUT", body: BYTES, headers: authorization() });

describe("H4: the API is killed while it takes an upload", () => {
  test.each<[string, string, number]>([
    ["before it writes", "upload.before_write", 201],
    ["after it has written and before it says so", "upload.after_write", 201],
    ["after it has said so and before it answers", "upload.after_commit", 200],
  ])("%s: it is sent again, and one file is left of it", async (_what, failpoint, status) => {
    const before = (await files()).length;
    const id = await announce();
    const doomed = await rig.start(ROLES.api, settings, { HEADWAY_FAILPOINT: `${failpoint}:kill9` });
    await expect(put(doomed.url, id)).rejects.toThrow();
    await until("it is dead", () => hasExited(doomed));
    expect(hasFired(doomed)).toBe(true);
    expect((await put(url, id)).status).toBe(status);
    // The dead one's place is removed once the upload's time is past; ages are written into rows.
    await rig.db.query("update headway.blob_deletion set delete_after = now() where prefix like $1", [
      `uploads/${id}/%`,
    ]);
    await until(
      "the sweep has been",
      async () => (await rig.db.query("select from headway.blob_deletion")).rowCount === 0,
    );
    expect(await files()).toHaveLength(before + 1);
    expect(await (await put(url, id)).json()).toMatchObject({ upload: { sizeBytes: BYTES.length } });
  });

  test.each([
    ["before a piece counts", "upload.before_part", 0],
    ["when all of its pieces have come, before they are one", "upload.before_joined", BYTES.length],
  ])(
    "that comes bit by bit, %s: it goes on from what counts, and one file is left of it",
    async (_what, failpoint, told) => {
      const before = (await files()).length;
      const id = await announce();
      const half = BYTES.length / 2;
      const patch = (base: string, offset: number, piece: Uint8Array): Promise<Response> =>
        fetch(`${base}/uploads/${id}`, {
          method: "PATCH",
          headers: {
            ...authorization(),
            "content-type": "application/offset+octet-stream",
            "upload-offset": String(offset),
          },
          body: piece,
        });
      const doomed = await rig.start(ROLES.api, settings, { HEADWAY_FAILPOINT: `${failpoint}:kill9` });
      await expect(
        (async () => {
          await patch(doomed.url, 0, BYTES.subarray(0, half));
          await patch(doomed.url, half, BYTES.subarray(half));
        })(),
      ).rejects.toThrow();
      await until("it is dead", () => hasExited(doomed));
      expect(hasFired(doomed)).toBe(true);
      const head = await fetch(`${url}/uploads/${id}`, { method: "HEAD", headers: authorization() });
      expect(head.headers.get("upload-offset")).toBe(String(told));
      if (told === 0) {
        expect((await patch(url, 0, BYTES.subarray(0, half))).status).toBe(204);
        expect((await patch(url, half, BYTES.subarray(half))).status).toBe(204);
      }
      await rig.db.query("update headway.blob_deletion set delete_after = now() where prefix like $1", [
        `uploads/${id}/%`,
      ]);
      await until(
        "the sweep has been",
        async () => (await rig.db.query("select from headway.blob_deletion")).rowCount === 0,
      );
      expect(await files()).toHaveLength(before + 1);
      expect(await (await put(url, id)).json()).toMatchObject({ upload: { sizeBytes: BYTES.length } });
    },
  );

  test("in the middle of the body: nothing is under its key, and what it wrote is swept away", async () => {
    const before = (await files()).length;
    const id = await announce();
    const doomed = await rig.start(ROLES.api, settings);
    const req = request(`${doomed.url}/uploads/${id}`, {
      method: "PUT",
      headers: { "content-length": BYTES.length, ...authorization() },
    });
    const broken = once(req, "error");
    req.write(BYTES.subarray(0, 100_000));
    await until("half of it is on the disk", async () => (await files()).length === before + 1);
    await doomed.kill();
    await broken;
    const [left] = (await files()).filter((file) => file.includes(".unfinished"));
    const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000);
    await utimes(left!, twoHoursAgo, twoHoursAgo);
    // A reconciler looks when it starts, and every ten minutes.
    const sweeper = await rig.start(ROLES.reconciler, settings);
    await until("it is gone", async () => (await files()).length === before);
    await sweeper.kill();
    expect((await put(url, id)).status).toBe(201);
  });
});
