import { KeyRing } from "../../src/access/keys.js";
import { definePipeline } from "../../src/index.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { keyBy } from "../support/keys.js";
import { until } from "../support/until.js";

const CONTENT = "0123456789";
const writing = definePipeline({
  name: "writing",
  version: 1,
  documentStages: [{ name: "read", run: async () => null }],
  collectionStages: [
    {
      name: "write",
      run: async (ctx) => {
        await ctx.artifacts.write("digits.txt", CONTENT, "text/plain");
      },
    },
  ],
});

let api: TestApi;
let collectionId: string;
let artifactId: string;
beforeAll(async () => {
  api = await createTestApi([writing], { trustedMs: 100 });
  const worker = await api.rig.startWorker();
  collectionId = await api.rig.collection([{ name: "folder/a.txt", text: "héllo" }]);
  await api.rig.settled(await api.rig.submit("writing", 0, { collectionId }));
  await worker.stop(0);
  artifactId = (await api.rig.db.query("select id from headway.artifact where accepted"))[0].id;
});
afterAll(() => api.close());

const SIGNED = `query ($id: ID!, $minutes: Int) { node(id: $id) { ... on Artifact { signedUrl(expiresInMinutes: $minutes) { url expiresAt } } } }`;

async function signedBy(key: string, minutes: number | null = 15): Promise<{ url: string; expiresAt: string }> {
  const { data, errors } = await api.send(SIGNED, { id: artifactId, minutes }, key);
  expect(errors).toEqual([]);
  return data!.node.signedUrl;
}

/** An address with one of its parts made another. */
function changed(url: string, change: (url: URL) => void): string {
  const other = new URL(url);
  change(other);
  return String(other);
}

describe("a signed address of an artifact", () => {
  test("downloads it without a key, whole, by its head and by ranges, and tells no page where it is from", async () => {
    const { url, expiresAt } = await signedBy(api.key);
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - 15 * 60_000)).toBeLessThan(60_000);
    const whole = await fetch(url);
    expect([whole.status, await whole.text()]).toEqual([200, CONTENT]);
    expect(whole.headers.get("content-disposition")).toMatch(/^attachment; filename="digits.txt"/);
    expect(whole.headers.get("referrer-policy")).toBe("no-referrer");
    const part = await fetch(url, { headers: { range: "bytes=2-4" } });
    expect([part.status, await part.text()]).toEqual([206, "234"]);
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
    // With a key, as before.
    const plain = await fetch(new URL(new URL(url).pathname, url), { headers: { authorization: `Bearer ${api.key}` } });
    expect(plain.status).toBe(200);
  });

  test("is refused with another object, key, end or signature, and for anything but reading", async () => {
    const { url } = await signedBy(api.key);
    const other = await keyBy(api.rig.db, { name: "other" });
    const otherKey = new URL((await signedBy(other)).url).searchParams.get("key")!;
    const forged = [
      changed(url, ({ searchParams }) => searchParams.set("key", otherKey)),
      changed(url, ({ searchParams }) => searchParams.set("key", "x")),
      changed(url, ({ searchParams }) => searchParams.set("expires", String(Date.now() + 3_600_000))),
      changed(url, ({ searchParams }) => searchParams.set("expires", "9".repeat(15))),
      changed(url, ({ searchParams }) => searchParams.set("signature", "AAAA")),
      changed(url, ({ searchParams }) => searchParams.set("signature", "")),
      changed(url, ({ searchParams }) => searchParams.delete("expires")),
      changed(url, (one) => (one.pathname = `/artifacts/${collectionId}`)),
      changed(url, (one) => (one.pathname = `/originals/${artifactId}`)),
    ];
    for (const address of forged) {
      const answer = await fetch(address);
      expect([address, answer.status]).toEqual([address, 403]);
      expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: "FORBIDDEN" } }] });
    }
    expect((await fetch(url, { method: "PUT", body: "x" })).status).toBe(404);
    const [id] = (
      await api.client.query<Record<string, any>>(
        'mutation { createUploads(input: { files: [{ name: "f", sizeBytes: 1 }] }) { uploads { id } } }',
        {},
      )
    ).createUploads.uploads;
    const upload = changed(url, (one) => (one.pathname = `/uploads/${id.id}`));
    expect((await fetch(upload, { method: "PUT", body: "x" })).status).toBe(403);
  });

  test("ends at its time, by the database's clock", async () => {
    const ring = new KeyRing(api.rig.db, () => undefined);
    const keyId = new URL((await signedBy(api.key)).url).searchParams.get("key")!;
    const { query } = (await ring.sign(keyId, { method: "GET", object: `artifacts/${artifactId}` }, 2_000))!;
    const url = `${api.url}/artifacts/${artifactId}?${query}`;
    expect((await fetch(url)).status).toBe(200);
    await until("it has ended", async () => (await fetch(url)).status === 403);
  });

  test("ends with its key: when that is revoked, and never later than it", async () => {
    const key = await keyBy(api.rig.db, { name: "short", lifeMs: 120_000 });
    const { url, expiresAt } = await signedBy(key, 60);
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThan(180_000);
    expect((await fetch(url)).status).toBe(200);
    await api.rig.db.query("update headway.api_key set revoked_at = clock_timestamp() where name = 'short'");
    await until("it is refused", async () => (await fetch(url)).status === 403);
  });

  test("shows what its key may see: another's artifact is unknown", async () => {
    const elsewhere = await api.rig.collection(1);
    const key = await keyBy(api.rig.db, {
      role: "VIEWER",
      name: "narrow",
      scope: { collectionId: elsewhere, jobId: null },
    });
    expect((await api.send("{ viewer { name } }", {}, key)).data).toEqual({ viewer: { name: "narrow" } });
    const [{ id }] = await api.rig.db.query("select id from headway.api_key where name = 'narrow'");
    const { query } = (await new KeyRing(api.rig.db, () => undefined).sign(
      id,
      { method: "GET", object: `artifacts/${artifactId}` },
      60_000,
    ))!;
    expect((await fetch(`${api.url}/artifacts/${artifactId}?${query}`)).status).toBe(404);
  });

  test.each([0, -1, 1_441])("is not made for %d minutes", async (minutes) => {
    const { errors } = await api.send(SIGNED, { id: artifactId, minutes });
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  });
});

describe("a signed address of an upload", () => {
  const ANNOUNCE =
    "mutation ($input: CreateUploadsInput!) { createUploads(input: $input) { uploads { id url } userErrors { code } } }";
  async function announcedBy(key: string): Promise<{ id: string; url: string }> {
    const { data } = await api.send(ANNOUNCE, { input: { files: [{ name: "u", sizeBytes: 10 }] } }, key);
    return data!.createUploads.uploads[0];
  }
  const put = async (url: string): Promise<number> => (await fetch(url, { method: "PUT", body: CONTENT })).status;

  test("sends it without a key, and neither reads anything nor sends another", async () => {
    const { url } = await announcedBy(api.key);
    const other = await announcedBy(api.key);
    expect(await put(changed(url, (one) => (one.pathname = `/uploads/${other.id}`)))).toBe(403);
    expect(await put(changed(url, ({ searchParams }) => searchParams.set("expires", String(Date.now() + 1_000))))).toBe(
      403,
    );
    for (const folder of ["artifacts", "originals"]) {
      const { id } = other;
      const readable = changed(url, (one) => (one.pathname = `/${folder}/${id}`));
      expect((await fetch(readable)).status).toBe(403);
    }
    expect(await put(url)).toBe(201);
    expect(await put(url)).toBe(200);
    const { url: artifact } = await signedBy(api.key);
    expect(await put(changed(artifact, (one) => (one.pathname = `/uploads/${other.id}`)))).toBe(403);
  });

  test("is given to keys for browsers that may UPLOAD, and ends with their maker's", async () => {
    const maker = await keyBy(api.rig.db, { name: "page maker" });
    const CREATE = "mutation ($input: CreateBrowserKeyInput!) { createBrowserKey(input: $input) { key } }";
    const input = { collectionId, permissions: ["UPLOAD"] };
    const { key } = (await api.send(CREATE, { input }, maker)).data!.createBrowserKey;
    const { url } = await announcedBy(key);
    expect(await put(url)).toBe(201);
    await api.rig.db.query("update headway.api_key set revoked_at = clock_timestamp() where name = 'page maker'");
    await until("it is refused", async () => (await put(url)) === 403);
  });
});

describe("the original of a document", () => {
  const ORIGINALS =
    "query ($id: ID!) { collection(id: $id) { documents { nodes { name original { url expiresAt } } } } }";
  async function originals(id: string): Promise<Record<string, string | null>> {
    const { data, errors } = await api.send(ORIGINALS, { id });
    expect(errors).toEqual([]);
    return Object.fromEntries(
      data!.collection.documents.nodes.map(({ name, original }: { name: string; original: { url: string } | null }) => [
        name,
        original?.url ?? null,
      ]),
    );
  }

  test("is downloaded under its own name as it came in, of a text and of an upload, and by ranges", async () => {
    const id = await api.rig.collection(0);
    const { createUploads } = await api.client.query<Record<string, any>>(
      'mutation { createUploads(input: { files: [{ name: "u", sizeBytes: 10 }] }) { uploads { id url } } }',
      {},
    );
    const [upload] = createUploads.uploads;
    await fetch(upload.url, { method: "PUT", body: CONTENT, headers: { authorization: `Bearer ${api.key}` } });
    const { addDocuments } = await api.client.query<Record<string, any>>(
      "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { userErrors { message } } }",
      {
        input: {
          collectionId: id,
          documents: [
            { name: "folder/text.txt", text: "héllo" },
            { name: "sent.bin", uploadId: upload.id },
            { name: "later", uri: "https://example.com/not-fetched-yet" },
          ],
        },
      },
    );
    expect(addDocuments.userErrors).toEqual([]);
    const urls = await originals(id);
    const text = await fetch(urls["folder/text.txt"]!);
    expect([text.status, await text.text()]).toEqual([200, "héllo"]);
    expect(text.headers.get("content-disposition")).toMatch(/filename="text.txt"/);
    expect(text.headers.get("content-security-policy")).toContain("sandbox");
    const part = await fetch(urls["folder/text.txt"]!, { headers: { range: "bytes=1-2" } });
    expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([206, "bytes 1-2/6", "é"]);
    const sent = await fetch(urls["sent.bin"]!, { headers: { range: "bytes=-3" } });
    expect([sent.status, await sent.text()]).toEqual([206, "789"]);
    expect(urls.later).toBeNull();
  });

  test("is unknown to keys of other collections, and gone with its collection", async () => {
    const url = (await originals(collectionId))["folder/a.txt"]!;
    const { origin, pathname } = new URL(url);
    const elsewhere = await api.rig.collection(1);
    const narrow = await keyBy(api.rig.db, { role: "VIEWER", scope: { collectionId: elsewhere, jobId: null } });
    const get = (key: string): Promise<Response> =>
      fetch(`${origin}${pathname}`, { headers: { authorization: `Bearer ${key}` } });
    expect((await get(narrow)).status).toBe(404);
    expect((await get(api.key)).status).toBe(200);
    expect((await fetch(`${origin}${pathname}`)).status).toBe(401);
    await api.client.query<Record<string, any>>(
      "mutation ($id: ID!) { deleteCollection(input: { collectionId: $id }) { userErrors { message } } }",
      {
        id: collectionId,
      },
    );
    await until("it is gone", async () => (await fetch(url)).status === 404);
  });
});
