import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Upload } from "tus-js-client";
import { createClient } from "../../../src/client-node.js";
import { startFaultProxy, type FaultProxy } from "../fault-proxy.js";
import { createFaultRig, note, type FaultRig } from "../rig.js";

const SIZE = 500_000_000;
const BYTES_PER_SECOND = 40_000_000;
const CUT_EVERY_MS = 1_000;

let rig: FaultRig;
let proxy: FaultProxy;
let folder: string;
let file: string;
let sha256: string;
let url: string;
let key: string;
beforeAll(async () => {
  rig = await createFaultRig();
  folder = await mkdtemp(path.join(tmpdir(), "headway-large-"));
  const settings = { HEADWAY_DATA_DIR: folder, HEADWAY_MAX_DOCUMENT_BYTES: String(SIZE) };
  ({ url, key } = await rig.start(settings));
  proxy = await startFaultProxy(Number(new URL(url).port));
  proxy.throttle(BYTES_PER_SECOND);
  file = path.join(folder, "large.bin");
  const hash = createHash("sha256");
  const handle = await open(file, "w");
  for (let left = SIZE; left > 0; left -= 5_000_000) {
    const piece = randomBytes(5_000_000);
    hash.update(piece);
    await handle.write(piece);
  }
  await handle.close();
  sha256 = hash.digest("hex");
});
afterAll(async () => {
  await proxy.close();
  await rig.close();
  await rm(folder, { recursive: true, force: true });
});

const throughProxy = (address: string): string => address.replace(url, `http://127.0.0.1:${proxy.port}`);

async function withTus(): Promise<string> {
  const client = createClient({ url, key });
  const { data } = (await (
    await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...client.headers },
      body: JSON.stringify({
        query:
          'mutation ($size: BigInt!) { createUploads(input: { files: [{ name: "large", sizeBytes: $size }] }) { uploads { id url } } }',
        variables: { size: SIZE },
      }),
    })
  ).json()) as { data: { createUploads: { uploads: [{ id: string; url: string }] } } };
  const [upload] = data.createUploads.uploads;
  await new Promise<void>((resolve, reject) => {
    new Upload(createReadStream(file), {
      uploadUrl: throughProxy(upload.url),
      retryDelays: Array(1_000).fill(50),
      onError: reject,
      onSuccess: () => resolve(),
    }).start();
  });
  return upload.id;
}

async function withOurs(): Promise<string> {
  const client = createClient({ url, key, fetch: (address, init) => fetch(throughProxy(address), init) });
  const slice = async (start: number, end: number): Promise<Uint8Array<ArrayBuffer>> => {
    const handle = await open(file);
    const { buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
    await handle.close();
    return buffer;
  };
  const [sent] = await client.upload([{ name: "large", size: SIZE, slice }], { sha256: async () => sha256 });
  await client.close();
  return sent!.uploadId;
}

test.each([
  ["tus-js-client", withTus],
  ["headway-api/client", withOurs],
])("F47: 500 MB are sent with %s over a connection that is cut every second", async (name, send) => {
  let cuts = 0;
  const cutting = setInterval(() => {
    cuts += 1;
    proxy.reset();
  }, CUT_EVERY_MS);
  const id = await send().finally(() => clearInterval(cutting));
  expect(cuts).toBeGreaterThan(5);
  const { rows } = await rig.db.query(
    `select sha256, (select count(*)::int from headway.upload_part where upload_id = u.id) as parts
     from headway.upload u where id = $1 and completed_at is not null`,
    [id],
  );
  expect(rows).toEqual([{ sha256, parts: 0 }]);
  note({
    fault: "F47",
    what: `500 MB with ${name}, cut every second`,
    times: cuts,
    recoveryMs: null,
    looks: rig.looks,
    jobs: 0,
  });
});
