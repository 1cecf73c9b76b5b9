import { MAX_LIVE_BROWSER_KEYS } from "../../../src/access/browser-keys.js";
import { z } from "zod";
import { KeyRing } from "../../../src/access/keys.js";
import { DEFAULT_PROJECT_ID } from "../../../src/access/projects.js";
import { createLogger } from "../../../src/logger.js";
import { createEmbedder } from "../../../src/pipelines/embedding/create-embedder.js";
import { headwayService } from "../../../src/server/headway-service.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { PermanentError } from "../../../src/index.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { keyBy } from "../../support/keys.js";

const UNKNOWN = "00000000-0000-7000-8000-00000000ffff";
const plain = definePipeline({
  name: "plain",
  version: 1,
  options: z.strictObject({ loud: z.boolean().default(false) }),
  documentStages: [
    {
      name: "read",
      run: async (ctx) => {
        if (ctx.document.name === "bad") throw new PermanentError("BAD", "It is bad.");
        return null;
      },
    },
  ],
});
const other = definePipeline({
  name: "other",
  version: 1,
  documentStages: [{ name: "read", run: async () => null }],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([plain, other]);
});
afterAll(() => api.close());

const CREATE =
  "mutation ($input: CreateBrowserKeyInput!) { createBrowserKey(input: $input) { key userErrors { code path } } }";
async function browserKey(input: object, as = api.key): Promise<string> {
  const { data, errors } = await api.send(CREATE, { input }, as);
  expect([errors, data!.createBrowserKey.userErrors]).toEqual([[], []]);
  return data!.createBrowserKey.key as string;
}

/** Result of a mutation, from its payload. */
async function mutate(as: string, name: string, type: string, input: object, shown = ""): Promise<any> {
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { ${shown} userErrors { code message path } } }`;
  const { data, errors } = await api.send(query, { input }, as);
  expect(errors).toEqual([]);
  return data![name];
}
const add = (as: string, collectionId: string, documents: object[]) =>
  mutate(as, "addDocuments", "AddDocumentsInput", { collectionId, documents }, "documents { id }");
const announce = (as: string, input: object) =>
  mutate(as, "createUploads", "CreateUploadsInput", input, "uploads { id }");
const submit = (as: string, input: object) =>
  mutate(as, "submitJob", "SubmitJobInput", input, "job { id } deduplicated");
const codes = ({ userErrors }: { userErrors: { code: string; path: string[] }[] }): string[] =>
  userErrors.map(({ code, path }) => `${code} ${path.join(".")}`);

async function documentsOf(collectionId: string): Promise<Record<string, string>> {
  const rows: { name: string; text: string }[] = await api.rig.db.query(
    `select name, convert_from(bytes, 'UTF8') as text from headway.document d left join headway.document_bytes b on b.document_id = d.id
     where collection_id = $1 order by name`,
    [collectionId],
  );
  return Object.fromEntries(rows.map(({ name, text }) => [name, text]));
}
async function put(as: string, id: string, body: string): Promise<number> {
  const headers = { authorization: `Bearer ${as}` };
  return (await fetch(`${api.url}/uploads/${id}`, { method: "PUT", headers, body })).status;
}

describe("a key for a browser with UPLOAD", () => {
  test("adds texts, bytes and its own uploads to its collection, and nothing else to anything", async () => {
    const [mine, another] = [await api.rig.collection(0), await api.rig.collection(0)];
    const as = await browserKey({ collectionId: mine, permissions: ["READ", "UPLOAD"] });
    const [upload] = (await announce(as, { files: [{ name: "u", sizeBytes: 2 }] })).uploads;
    expect(await put(as, upload.id, "up")).toBe(201);
    const added = await add(as, mine, [
      { name: "text", text: "t" },
      { name: "bytes", base64: "Yg==" },
      { name: "sent", uploadId: upload.id },
    ]);
    expect(added).toMatchObject({ userErrors: [], documents: [{}, {}, {}] });
    expect(Object.keys(await documentsOf(mine))).toEqual(["bytes", "sent", "text"]);

    const uri = await add(as, mine, [
      { name: "a", uri: "https://example.com/" },
      { name: "b", uri: "file:///etc/passwd" },
    ]);
    expect(codes(uri)).toContain("URI_REFUSED input.documents.0.uri");
    expect(codes(uri)).toContain("URI_REFUSED input.documents.1.uri");
    expect(codes(await add(as, another, [{ name: "a", text: "a" }]))).toEqual(["NOT_FOUND input.collectionId"]);
    expect(codes(await announce(as, { files: [{ name: "a", sizeBytes: 1 }], collectionId: another }))).toEqual([
      "NOT_FOUND input.collectionId",
    ]);
    expect(await documentsOf(another)).toEqual({});
    expect(Object.keys(await documentsOf(mine))).toEqual(["bytes", "sent", "text"]);
  });

  test("sends and takes no upload of another key; whoever has the project may take its uploads", async () => {
    const mine = await api.rig.collection(0);
    const [one, two] = [
      await browserKey({ collectionId: mine, permissions: ["UPLOAD"] }),
      await browserKey({ collectionId: mine, permissions: ["UPLOAD"] }),
    ];
    for (const foreign of [one, api.key]) {
      const [{ id }] = (await announce(foreign, { files: [{ name: "u", sizeBytes: 1 }] })).uploads;
      expect(await put(two, id, "x")).toBe(404);
      expect(await put(foreign, id, "x")).toBe(201);
      expect(codes(await add(two, mine, [{ name: "u", uploadId: id }]))).toEqual([
        "NOT_FOUND input.documents.0.uploadId",
      ]);
      expect(codes(await add(api.key, mine, [{ name: "u", uploadId: id }]))).toEqual([]);
    }
  });

  test("an upload for one collection becomes no document of another, whoever asks", async () => {
    const [mine, another] = [await api.rig.collection(0), await api.rig.collection(0)];
    const [{ id }] = (await announce(api.key, { files: [{ name: "u", sizeBytes: 1 }], collectionId: mine })).uploads;
    expect(await put(api.key, id, "x")).toBe(201);
    expect(codes(await add(api.key, another, [{ name: "u", uploadId: id }]))).toEqual([
      "INVALID_INPUT input.documents.0.uploadId",
    ]);
    expect(codes(await add(api.key, mine, [{ name: "u", uploadId: id }]))).toEqual([]);
    expect(codes(await announce(api.key, { files: [{ name: "u", sizeBytes: 1 }], collectionId: UNKNOWN }))).toEqual([
      "NOT_FOUND input.collectionId",
    ]);
  });

  test("replaces what it added itself, until somebody else has, and no other document", async () => {
    const mine = await api.rig.collection([{ name: "theirs", text: "before" }]);
    const [one, two] = [
      await browserKey({ collectionId: mine, permissions: ["READ", "UPLOAD"] }),
      await browserKey({ collectionId: mine, permissions: ["READ", "UPLOAD"] }),
    ];
    const both = [
      { name: "new", text: "one" },
      { name: "theirs", text: "changed" },
    ];
    expect(codes(await add(one, mine, both))).toEqual(["NAME_TAKEN input.documents.1.name"]);
    expect(await documentsOf(mine)).toEqual({ theirs: "before" });
    expect(codes(await add(one, mine, [{ name: "own", text: "first" }]))).toEqual([]);
    expect(codes(await add(one, mine, [{ name: "own", text: "second" }]))).toEqual([]);
    expect(codes(await add(two, mine, [{ name: "own", text: "third" }]))).toEqual([
      "NAME_TAKEN input.documents.0.name",
    ]);
    expect(await documentsOf(mine)).toEqual({ own: "second", theirs: "before" });
    expect(codes(await add(api.key, mine, [{ name: "own", text: "mended" }]))).toEqual([]);
    expect(codes(await add(one, mine, [{ name: "own", text: "fourth" }]))).toEqual([
      "NAME_TAKEN input.documents.0.name",
    ]);
    expect(await documentsOf(mine)).toEqual({ own: "mended", theirs: "before" });
  });

  test("is bounded in files and bytes, however many requests it sends them in, and all at once", async () => {
    const mine = await api.rig.collection(0);
    const as = await browserKey({ collectionId: mine, permissions: ["UPLOAD"], maxFiles: 3, maxBytes: 10 });
    const file = (sizeBytes: number) => ({ name: "u", sizeBytes });
    expect(codes(await announce(as, { files: [file(11)] }))).toEqual(["LIMIT_EXCEEDED input.files"]);
    expect(codes(await announce(as, { files: [file(1), file(1), file(1), file(1)] }))).toEqual([
      "LIMIT_EXCEEDED input.files",
    ]);
    expect(codes(await announce(as, { files: [file(4)] }))).toEqual([]);
    const texts = await Promise.all(["a", "b", "c", "d"].map((name) => add(as, mine, [{ name, text: "123" }])));
    expect(texts.map(codes).flat().sort()).toEqual(Array(2).fill("LIMIT_EXCEEDED input.documents"));
    const [refused] = texts.filter(({ userErrors }) => userErrors.length > 0);
    expect(refused.userErrors[0].message).toBe(
      "This key may still send 2 uploads, 1 document and 0 bytes; the request has 1 document and 3 bytes. Use another key.",
    );
    expect(Object.keys(await documentsOf(mine))).toHaveLength(2);
  });
});

describe("a key for a browser with SUBMIT", () => {
  test("submits its collection to its pipelines, with its options and no more than the usual priority", async () => {
    const [mine, another] = [await api.rig.collection(1), await api.rig.collection(1)];
    const as = await browserKey({
      collectionId: mine,
      permissions: ["READ", "SUBMIT"],
      pipelines: ["plain"],
      options: { loud: true },
    });
    const refused: [object, string[]][] = [
      [{ pipeline: "other" }, ["UNKNOWN_PIPELINE input.pipeline"]],
      [{ pipeline: "plain", priority: 1 }, ["INVALID_INPUT input.priority"]],
      [{ pipeline: "plain", options: {} }, ["INVALID_OPTIONS input.options"]],
      [{ pipeline: "plain", collectionId: another }, ["NOT_FOUND input.collectionId"]],
      [
        { pipeline: "other", priority: 1, options: { loud: false } },
        ["UNKNOWN_PIPELINE input.pipeline", "INVALID_INPUT input.priority", "INVALID_OPTIONS input.options"],
      ],
    ];
    for (const [input, faults] of refused) {
      expect(codes(await submit(as, { collectionId: mine, ...input }))).toEqual(faults);
    }
    const { job } = await submit(as, { collectionId: mine, pipeline: "plain", priority: -5 });
    const { data } = await api.send("query ($id: ID!) { job(id: $id) { options priority } }", { id: job.id }, as);
    expect(data!.job).toEqual({ options: { loud: true }, priority: -5 });
  });

  test("neither takes nor learns the idempotency keys of others", async () => {
    const [mine, another] = [await api.rig.collection(1), await api.rig.collection(1)];
    const theirs = await submit(api.key, { collectionId: another, pipeline: "other", idempotencyKey: "order-1" });
    const as = await browserKey({ collectionId: mine, permissions: ["SUBMIT"], pipelines: ["other"] });
    const request = { collectionId: mine, pipeline: "other", idempotencyKey: "order-1" };
    const own = await submit(as, request);
    expect(own).toMatchObject({ deduplicated: false, userErrors: [] });
    expect(await submit(as, request)).toEqual({ ...own, deduplicated: true });
    const again = await submit(api.key, { collectionId: another, pipeline: "other", idempotencyKey: "order-1" });
    expect(again).toMatchObject({ job: theirs.job, deduplicated: true });
  });
});

describe("a key for a browser with CANCEL and RETRY", () => {
  test("does to its job what it may, and the job's fields say so before", async () => {
    const mine = await api.rig.collection([{ name: "bad", text: "x" }]);
    const jobId = await api.rig.submit("plain", 0, { collectionId: mine });
    const MAY = "query ($id: ID!) { job(id: $id) { canCancel { allowed } canRetry { allowed disabledReason } } }";
    const reader = await browserKey({ jobId });
    const as = await browserKey({ jobId, permissions: ["READ", "CANCEL", "RETRY"] });
    expect((await api.send(MAY, { id: jobId }, reader)).data!.job.canCancel).toEqual({ allowed: false });
    expect((await api.send(MAY, { id: jobId }, as)).data!.job.canCancel).toEqual({ allowed: true });
    expect(codes(await mutate(as, "cancelJob", "CancelJobInput", { jobId }))).toEqual([]);
    expect((await api.send(MAY, { id: jobId }, as)).data!.job.canRetry.allowed).toBe(true);
    expect(codes(await mutate(as, "retryJob", "RetryJobInput", { jobId }))).toEqual([]);
    expect(codes(await mutate(as, "cancelJob", "CancelJobInput", { jobId }))).toEqual([]);

    // Of a newer one it learns that it is there, and not which.
    const newer = await api.rig.submit("plain", 0, { collectionId: mine });
    const { disabledReason } = (await api.send(MAY, { id: jobId }, as)).data!.job.canRetry;
    const refused = await mutate(as, "retryJob", "RetryJobInput", { jobId });
    expect(refused.userErrors).toMatchObject([{ code: "NOT_RETRYABLE", message: disabledReason }]);
    expect(disabledReason).toContain("another job is newer");
    expect(codes(await mutate(as, "cancelJob", "CancelJobInput", { jobId: newer }))).toEqual(["NOT_FOUND input.jobId"]);
  });
});

describe("a key for a browser without READ", () => {
  test("is a blind drop box: it adds, and is told the ids of what it added and nothing of what is there", async () => {
    const mine = await api.rig.collection([{ name: "theirs", text: "secret" }]);
    const as = await browserKey({ collectionId: mine, permissions: ["UPLOAD"] });
    const added = await add(as, mine, [{ name: "mine", text: "x" }]);
    expect(added).toEqual({ documents: [{ id: expect.any(String) }], userErrors: [] });
    const walk = `mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) {
      ...made userErrors { code } } } fragment made on AddDocumentsPayload { documents { collection { documents { nodes { text } } } } }`;
    const input = { collectionId: mine, documents: [{ name: "walk", text: "x" }] };
    expect(await api.send(walk, { input }, as)).toMatchObject({
      data: null,
      errors: [{ extensions: { code: "FORBIDDEN" }, message: expect.stringContaining("Document.collection") }],
    });
    expect(Object.keys(await documentsOf(mine))).toEqual(["mine", "theirs"]);

    const job = await api.rig.submit("plain", 0, { collectionId: mine });
    const busy = await add(as, mine, [{ name: "more", text: "x" }]);
    expect(codes(busy)).toEqual(["ACTIVE_JOB_EXISTS input.collectionId"]);
    expect(JSON.stringify(busy)).not.toContain(job);
  });
});

describe("a key for a browser without READ, by what it is refused,", () => {
  test("learns no name: what it adds under one that is taken goes under another, the same at each repetition", async () => {
    const mine = await api.rig.collection([{ name: "theirs.txt", text: "before" }]);
    const [one, two] = [
      await browserKey({ collectionId: mine, permissions: ["UPLOAD"] }),
      await browserKey({ collectionId: mine, permissions: ["UPLOAD"] }),
    ];
    const both = [
      { name: "free.txt", text: "one" },
      { name: "theirs.txt", text: "two" },
    ];
    const first = await add(one, mine, both);
    expect(first).toEqual({ documents: [{ id: expect.any(String) }, { id: expect.any(String) }], userErrors: [] });
    expect(await add(one, mine, both)).toEqual(first);
    const again = await add(two, mine, [{ name: "theirs.txt", text: "three" }]);
    expect(codes(again)).toEqual([]);
    const kept = await documentsOf(mine);
    expect(Object.values(kept).sort()).toEqual(["before", "one", "three", "two"]);
    expect(kept).toMatchObject({ "theirs.txt": "before", "free.txt": "one" });
    for (const name of Object.keys(kept)) expect(name).toMatch(/^(theirs|free)( \([0-9a-f]{12}\))?\.txt$/);

    // Somebody takes over what it had added: it is not replaced, and the key does not hear of it.
    const [taken] = Object.keys(kept).filter((name) => kept[name] === "two");
    expect(codes(await add(api.key, mine, [{ name: taken, text: "mended" }]))).toEqual([]);
    expect(codes(await add(one, mine, [{ name: "theirs.txt", text: "four" }]))).toEqual([]);
    expect(Object.values(await documentsOf(mine)).sort()).toEqual(["before", "four", "mended", "one", "three"]);
    const long = `${"x".repeat(496)}.txt`;
    expect(codes(await add(api.key, mine, [{ name: long, text: "a" }]))).toEqual([]);
    expect(codes(await add(one, mine, [{ name: long, text: "b" }]))).toEqual([]);
    const lengths = Object.keys(await documentsOf(mine)).map((name) => name.length);
    expect(Math.max(...lengths)).toBe(500);
  });

  test("learns no pipeline", async () => {
    const mine = await api.rig.collection(1);
    const as = await browserKey({ collectionId: mine, permissions: ["SUBMIT"], pipelines: ["plain"] });
    await api.rig.db.query("update headway.api_key set pipelines = '{gone}' where collection_id = $1", [mine]);
    const forgetful = await submit(as, { collectionId: mine, pipeline: "gone" });
    expect(forgetful.userErrors).toEqual([
      {
        code: "UNKNOWN_PIPELINE",
        path: ["input", "pipeline"],
        message: 'There is no pipeline "gone" any more; ask for another key.',
      },
    ]);
  });
});

describe("the request for a key for a browser", () => {
  test.each<[string, object, string[]]>([
    ["no permission", { permissions: [] }, ["INVALID_INPUT input.permissions"]],
    ["SUBMIT without pipelines", { permissions: ["SUBMIT"] }, ["INVALID_INPUT input.pipelines"]],
    ["an unknown pipeline", { permissions: ["SUBMIT"], pipelines: ["none"] }, ["UNKNOWN_PIPELINE input.pipelines.0"]],
    [
      "options that do not fit",
      { permissions: ["SUBMIT"], pipelines: ["plain"], options: { quiet: true } },
      ["INVALID_OPTIONS input.options"],
    ],
    [
      "what goes with other permissions",
      { permissions: ["READ"], pipelines: ["plain"], options: {}, maxFiles: 1, maxBytes: 1 },
      ["pipelines", "options", "maxFiles", "maxBytes"].map((name) => `INVALID_INPUT input.${name}`),
    ],
    [
      "bounds that are none",
      { permissions: ["UPLOAD"], maxFiles: 0, maxBytes: 0 },
      ["INVALID_INPUT input.maxFiles", "INVALID_INPUT input.maxBytes"],
    ],
  ])("with %s is refused", async (_what, input, faults) => {
    const { data } = await api.send(CREATE, { input: { collectionId: await api.rig.collection(0), ...input } });
    expect(data!.createBrowserKey.key).toBeNull();
    expect(codes(data!.createBrowserKey)).toEqual(faults);
  });

  test("for one job is refused with what is for a collection", async () => {
    const jobId = await api.rig.submit("plain", 1);
    const input = { jobId, permissions: ["UPLOAD", "SUBMIT"], pipelines: ["plain"] };
    const { data } = await api.send(CREATE, { input });
    expect(codes(data!.createBrowserKey)).toEqual(Array(2).fill("INVALID_INPUT input.permissions"));
  });

  test("is refused where its maker has too many that are still good", async () => {
    const collectionId = await api.rig.collection(0);
    const maker = await keyBy(api.rig.db, { name: "busy maker", role: "OPERATOR" });
    await browserKey({ collectionId }, maker);
    await api.rig.db.query(
      `insert into headway.api_key (id, project_id, name, role, secret_hash, collection_id, permissions, created_by, made_by, expires_at)
       select gen_random_uuid(), $1, 'page', 'VIEWER', sha256('x'), $2, '{READ}', 'tests', m.id,
         clock_timestamp() + make_interval(mins => case when n = 1 then -1 else 60 end)
       from headway.api_key m, generate_series(1, $3::int) n where m.name = 'busy maker'`,
      [DEFAULT_PROJECT_ID, collectionId, MAX_LIVE_BROWSER_KEYS - 1],
    );
    await browserKey({ collectionId }, maker);
    const { data } = await api.send(CREATE, { input: { collectionId } }, maker);
    expect(codes(data!.createBrowserKey)).toEqual(["LIMIT_EXCEEDED input"]);
    await browserKey({ collectionId });
  });
});

test("requests with keys for browsers count against their maker's limit", async () => {
  const { deps, db, blobs } = api.rig;
  const keys = new KeyRing(db, deps.onError);
  const parts = { deps, stream: api.stream, keys, embedder: createEmbedder("hash"), blobs };
  const service = await headwayService({ logger: createLogger("silent"), requestsPerSecond: 1, api: parts });
  const maker = await keyBy(db, { name: "limited maker", role: "OPERATOR" });
  const page = await browserKey({ collectionId: await api.rig.collection(0) }, maker);
  const other = await keyBy(db, { name: "another" });
  const [first, second, third] = await Promise.all(
    [maker, page, other].map((key) => service.authenticate(`Bearer ${key}`)),
  );
  service.admit(first!);
  expect(() => service.admit(second!)).toThrow("This key exceeds its rate limit");
  service.admit(third!);
});
