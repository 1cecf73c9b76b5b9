import path from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { until } from "../support/until.js";

const UNKNOWN = "00000000-0000-7000-8000-00000000ffff";
const plain = definePipeline({
  name: "plain",
  version: 1,
  options: z.strictObject({ factor: z.number().min(1).max(9).default(1), mode: z.enum(["fast", "slow"]).optional() }),
  documentStages: [{ name: "read", maxAttempts: 1, run: async (ctx) => ctx.document.text() }],
});

let api: TestApi;
const at: { full?: string; empty?: string; busy?: string; job?: string; document?: string } = {};
beforeAll(async () => {
  api = await createTestApi([plain]);
  // No worker runs: the job of `busy` stays open.
  at.full = await api.rig.collection(2);
  at.empty = await api.rig.collection(0);
  at.busy = await api.rig.collection(1);
  at.job = await api.rig.submit("plain", 0, { collectionId: at.busy });
  at.document = (await api.rig.db.query("select id from headway.document where collection_id = $1", [at.busy]))[0].id;
});
afterAll(() => api.close());
// Noted at the first request of a minute, and no change that a refused request would make.
beforeAll(() =>
  until("the use of the key is noted", async () => {
    await api.send("{ viewer { name } }");
    return (await api.rig.db.query("select 1 from headway.api_key where last_used_at is null")).length === 0;
  }),
);

/** Every row of every table, to see that a refused request has changed nothing. */
async function everything(): Promise<string> {
  const tables: { name: string }[] = await api.rig.db.query(
    "select table_name as name from information_schema.tables where table_schema = 'headway' and table_type = 'BASE TABLE' order by 1",
  );
  const rows = await Promise.all(
    tables.map(({ name }) =>
      api.rig.db.query(`select coalesce(jsonb_agg(t order by t::text), '[]') as rows from headway.${name} t`),
    ),
  );
  return JSON.stringify(rows);
}

const CREATE = `mutation ($input: CreateCollectionInput!) { result: createCollection(input: $input) { collection { id } userErrors { code message path } } }`;
const UPDATE = `mutation ($input: UpdateCollectionInput!) { result: updateCollection(input: $input) { collection { id } userErrors { code message path } } }`;
const ADD = `mutation ($input: AddDocumentsInput!) { result: addDocuments(input: $input) { documents { id } userErrors { code message path } } }`;
const UPLOADS = `mutation ($input: CreateUploadsInput!) { result: createUploads(input: $input) { uploads { id } userErrors { code message path } } }`;
const REMOVE = `mutation ($input: RemoveDocumentsInput!) { result: removeDocuments(input: $input) { removedIds userErrors { code message path } } }`;
const DELETE = `mutation ($input: DeleteCollectionInput!) { result: deleteCollection(input: $input) { collection { id } userErrors { code message path } } }`;
const SUBMIT = `mutation ($input: SubmitJobInput!) { result: submitJob(input: $input) { job { id } deduplicated userErrors { code message path } } }`;
const RETRY_JOB = `mutation ($input: RetryJobInput!) { result: retryJob(input: $input) { job { id } retriedTasks userErrors { code message path } } }`;
const RETRY_TASK = `mutation ($input: RetryTaskInput!) { result: retryTask(input: $input) { task { id } userErrors { code message path } } }`;
const CANCEL_JOB = `mutation ($input: CancelJobInput!) { result: cancelJob(input: $input) { job { id } userErrors { code message path } } }`;
const BULK = `mutation ($input: BulkJobsInput!) { result: bulkJobs(input: $input) { matched userErrors { code message path } } }`;
const CANCEL_TASK = `mutation ($input: CancelTaskInput!) { result: cancelTask(input: $input) { task { id } userErrors { code message path } } }`;

describe("H7: a mutation that can't be done is a user error that says why, and changes nothing:", () => {
  const cases: [string, string, () => object, string, RegExp][] = [
    ["a name taken", CREATE, () => ({ name: "collection 1" }), "NAME_TAKEN", /collection 1/],
    ["another's name", UPDATE, () => ({ collectionId: at.full, name: "collection 2" }), "NAME_TAKEN", /collection 2/],
    ["a name of null", UPDATE, () => ({ collectionId: at.full, name: null }), "INVALID_INPUT", /name/],
    ["metadata that is a list", UPDATE, () => ({ collectionId: at.full, metadata: [] }), "INVALID_INPUT", /metadata/],
    ["an unknown collection", UPDATE, () => ({ collectionId: UNKNOWN, name: "n" }), "NOT_FOUND", new RegExp(UNKNOWN)],
    [
      "an end that is past",
      UPDATE,
      () => ({ collectionId: at.full, name: "n", expiresAt: "2020-01-01T00:00:00Z" }),
      "INVALID_INPUT",
      /expiresAt is 2020-01-01T00:00:00.000Z/,
    ],
    ["an empty name", CREATE, () => ({ name: "  " }), "INVALID_INPUT", /name/],
    ["a name of 501 characters", CREATE, () => ({ name: "x".repeat(501) }), "INVALID_INPUT", /name/],
    ["a name with a NUL", CREATE, () => ({ name: "a\0b" }), "INVALID_INPUT", /name/],
    ["metadata that is no object", CREATE, () => ({ name: "m", metadata: [1] }), "INVALID_INPUT", /metadata/],
    ["expiry in the past", CREATE, () => ({ name: "m", expiresInDays: -1 }), "INVALID_INPUT", /expiresInDays/],
    [
      "documents for an unknown collection",
      ADD,
      () => ({ collectionId: UNKNOWN, documents: [{ name: "a", text: "a" }] }),
      "NOT_FOUND",
      new RegExp(UNKNOWN),
    ],
    ["no documents", ADD, () => ({ collectionId: at.full, documents: [] }), "INVALID_INPUT", /documents/],
    [
      "a document without content",
      ADD,
      () => ({ collectionId: at.full, documents: [{ name: "a" }] }),
      "INVALID_INPUT",
      /exactly one|one of/i,
    ],
    [
      "a document with two contents",
      ADD,
      () => ({ collectionId: at.full, documents: [{ name: "a", text: "a", base64: "YQ==" }] }),
      "INVALID_INPUT",
      /exactly one|one of/i,
    ],
    [
      "base64 that is none",
      ADD,
      () => ({ collectionId: at.full, documents: [{ name: "a", base64: "not base64!" }] }),
      "INVALID_INPUT",
      /base64/,
    ],
    [
      "one bad document among good ones",
      ADD,
      () => ({
        collectionId: at.full,
        documents: [
          { name: "good", text: "a" },
          { name: "", text: "b" },
        ],
      }),
      "INVALID_INPUT",
      /name/,
    ],
    [
      "a name twice",
      ADD,
      () => ({
        collectionId: at.full,
        documents: [
          { name: "a", text: "a" },
          { name: "a", text: "b" },
        ],
      }),
      "INVALID_INPUT",
      /"a"/,
    ],
    [
      "a uri of another scheme",
      ADD,
      () => ({ collectionId: at.full, documents: [{ name: "a", uri: "ftp://example.org/a" }] }),
      "URI_REFUSED",
      /ftp/,
    ],
    [
      "a uri that is none",
      ADD,
      () => ({ collectionId: at.full, documents: [{ name: "a", uri: "nothing" }] }),
      "URI_REFUSED",
      /nothing/,
    ],
    [
      "a file outside the roots",
      ADD,
      () => ({ collectionId: at.full, documents: [{ name: "a", uri: "file:///etc/passwd" }] }),
      "URI_REFUSED",
      /HEADWAY_FILE_ROOTS/,
    ],
    [
      "a file that climbs out",
      ADD,
      () => ({
        collectionId: at.full,
        documents: [{ name: "a", uri: `${pathToFileURL(api.rig.deps.fileRoots[0]!).href}/../../etc/passwd` }],
      }),
      "URI_REFUSED",
      /HEADWAY_FILE_ROOTS/,
    ],
    [
      "documents while a job is open",
      ADD,
      () => ({ collectionId: at.busy, documents: [{ name: "a", text: "a" }] }),
      "ACTIVE_JOB_EXISTS",
      /still QUEUED/,
    ],
    [
      "an unknown pipeline",
      SUBMIT,
      () => ({ collectionId: at.full, pipeline: "plane" }),
      "UNKNOWN_PIPELINE",
      /"?plane"?.*plain/,
    ],
    [
      "options outside the schema",
      SUBMIT,
      () => ({ collectionId: at.full, pipeline: "plain", options: { factor: 10 } }),
      "INVALID_OPTIONS",
      /factor/,
    ],
    [
      "options that the schema does not know",
      SUBMIT,
      () => ({ collectionId: at.full, pipeline: "plain", options: { speed: 1 } }),
      "INVALID_OPTIONS",
      /speed/,
    ],
    [
      "options that are no object",
      SUBMIT,
      () => ({ collectionId: at.full, pipeline: "plain", options: "fast" }),
      "INVALID_OPTIONS",
      /options/,
    ],
    [
      "an empty collection",
      SUBMIT,
      () => ({ collectionId: at.empty, pipeline: "plain" }),
      "NO_DOCUMENTS",
      /add documents first/,
    ],
    [
      "an unknown collection",
      SUBMIT,
      () => ({ collectionId: UNKNOWN, pipeline: "plain" }),
      "NOT_FOUND",
      new RegExp(UNKNOWN),
    ],
    [
      "a document of another collection",
      SUBMIT,
      () => ({ collectionId: at.full, pipeline: "plain", documentIds: [at.document] }),
      "NOT_FOUND",
      /document/,
    ],
    [
      "a second submit while a job is open",
      SUBMIT,
      () => ({ collectionId: at.busy, pipeline: "plain" }),
      "ACTIVE_JOB_EXISTS",
      /still QUEUED/,
    ],
    [
      "a priority of 101",
      SUBMIT,
      () => ({ collectionId: at.full, pipeline: "plain", priority: 101 }),
      "INVALID_INPUT",
      /priority/,
    ],
    ["the retry of an open job", RETRY_JOB, () => ({ jobId: at.job }), "NOT_RETRYABLE", /QUEUED/],
    ["the retry of an unknown job", RETRY_JOB, () => ({ jobId: UNKNOWN }), "NOT_FOUND", new RegExp(UNKNOWN)],
    ["the retry of an unknown task", RETRY_TASK, () => ({ taskId: UNKNOWN }), "NOT_FOUND", new RegExp(UNKNOWN)],
    ["the cancelling of an unknown job", CANCEL_JOB, () => ({ jobId: UNKNOWN }), "NOT_FOUND", new RegExp(UNKNOWN)],
    ["the cancelling of an unknown task", CANCEL_TASK, () => ({ taskId: UNKNOWN }), "NOT_FOUND", new RegExp(UNKNOWN)],
  ];
  test.each(cases)("%s", async (_what, mutation, input, code, message) => {
    const before = await everything();
    const { data, errors } = await api.send(mutation, { input: input() });
    expect(errors).toEqual([]);
    expect(data!.result.userErrors).toMatchObject([{ code, message: expect.stringMatching(message) }]);
    expect(await everything()).toBe(before);
  });

  test("the open job comes with ACTIVE_JOB_EXISTS", async () => {
    const { data } = await api.send(SUBMIT, { input: { collectionId: at.busy, pipeline: "plain" } });
    expect(data!.result).toMatchObject({ job: { id: at.job }, deduplicated: false });
  });
});

describe("H7: every fault of an input is told at once, with its place from the argument on:", () => {
  const cases: [string, string, object, (readonly [string, string])[]][] = [
    [
      "a collection of which nothing is right",
      CREATE,
      { name: "", description: "x".repeat(10_001), metadata: [], expiresInDays: 0 },
      ["name", "description", "metadata", "expiresInDays"].map((field) => ["INVALID_INPUT", field]),
    ],
    [
      "changes of a collection",
      UPDATE,
      { collectionId: "x", name: " ", metadata: 5 },
      ["collectionId", "name", "metadata"].map((field) => ["INVALID_INPUT", field]),
    ],
    [
      "documents",
      ADD,
      {
        collectionId: "x",
        documents: [
          { name: "good", text: "a" },
          { name: "", metadata: 1, base64: "!" },
          { name: "good", text: "b" },
          { name: "../up", uri: "gopher://a" },
          { name: "none" },
          { name: "upload", uploadId: "y" },
        ],
      },
      [
        ["INVALID_INPUT", "collectionId"],
        ["INVALID_INPUT", "documents.1.name"],
        ["INVALID_INPUT", "documents.1.metadata"],
        ["INVALID_INPUT", "documents.1.base64"],
        ["INVALID_INPUT", "documents.2.name"],
        ["INVALID_INPUT", "documents.3.name"],
        ["URI_REFUSED", "documents.3.uri"],
        ["INVALID_INPUT", "documents.4.text"],
        ["INVALID_INPUT", "documents.5.uploadId"],
      ],
    ],
    [
      "uploads",
      UPLOADS,
      {
        files: [
          { name: "", sizeBytes: -1 },
          { name: "b", sizeBytes: 1, sha256: "x" },
        ],
      },
      ["files.0.name", "files.0.sizeBytes", "files.1.sha256"].map((field) => ["INVALID_INPUT", field]),
    ],
    [
      "a submit",
      SUBMIT,
      {
        collectionId: "x",
        documentIds: [UNKNOWN, "y"],
        pipeline: "plain",
        options: { factor: 10, mode: "odd", colour: 1 },
        priority: 101,
        tags: [""],
        idempotencyKey: "",
      },
      [
        ["INVALID_INPUT", "idempotencyKey"],
        ["INVALID_INPUT", "collectionId"],
        ["INVALID_INPUT", "documentIds.1"],
        ["INVALID_INPUT", "priority"],
        ["INVALID_INPUT", "tags.0"],
        ["INVALID_OPTIONS", "options.factor"],
        ["INVALID_OPTIONS", "options.mode"],
        ["INVALID_OPTIONS", "options"],
      ],
    ],
    ["the retry of a job", RETRY_JOB, { jobId: "x" }, [["INVALID_INPUT", "jobId"]]],
    ["the retry of a task", RETRY_TASK, { taskId: "x" }, [["INVALID_INPUT", "taskId"]]],
    ["the cancelling of a job", CANCEL_JOB, { jobId: "x" }, [["INVALID_INPUT", "jobId"]]],
    ["the cancelling of a task", CANCEL_TASK, { taskId: "x" }, [["INVALID_INPUT", "taskId"]]],
    [
      "a filter of jobs",
      BULK,
      { action: "CANCEL", filter: { collectionId: "x" } },
      [["INVALID_INPUT", "filter.collectionId"]],
    ],
    ["the deletion of a collection", DELETE, { collectionId: "x" }, [["INVALID_INPUT", "collectionId"]]],
  ];
  test.each(cases)("%s", async (_what, mutation, input, faults) => {
    const before = await everything();
    const { data, errors } = await api.send(mutation, { input });
    expect(errors).toEqual([]);
    const told = data!.result.userErrors.map(({ code, path }: { code: string; path: string[] }) => [
      code,
      path.join("."),
    ]);
    expect(told).toEqual(faults.map(([code, field]) => [code, `input.${field}`]));
    expect(await everything()).toBe(before);
  });

  test("a hundred of them, and how many more", async () => {
    const documents = Array.from({ length: 150 }, () => ({ name: "", text: "a" }));
    const { data } = await api.send(ADD, { input: { collectionId: at.full, documents } });
    const { userErrors } = data!.result;
    expect(userErrors).toHaveLength(101);
    expect(userErrors[99].path).toEqual(["input", "documents", "99", "name"]);
    expect(userErrors[100]).toMatchObject({ message: expect.stringContaining("50 more faults"), path: ["input"] });
  });

  test("what only the database knows, too: documents and uploads that are not there", async () => {
    const documents = ["a", "b"].map((name) => ({ name, uploadId: UNKNOWN.replace(/.$/, name) }));
    const added = await api.send(ADD, { input: { collectionId: at.full, documents } });
    expect(added.data!.result.userErrors).toMatchObject([
      { code: "NOT_FOUND", path: ["input", "documents", "0", "uploadId"] },
      { code: "NOT_FOUND", path: ["input", "documents", "1", "uploadId"] },
    ]);
    const removed = await api.send(REMOVE, {
      input: { collectionId: at.full, documentIds: [UNKNOWN, UNKNOWN, at.document] },
    });
    expect(removed.data!.result.userErrors.map(({ path }: { path: string[] }) => path.join("."))).toEqual([
      "input.documentIds.0",
      "input.documentIds.1",
      "input.documentIds.2",
    ]);
  });
});

describe("H7: a request that makes no sense is BAD_USER_INPUT that names the field, and never an internal error:", () => {
  const cases: [string, string, Record<string, unknown>, RegExp][] = [
    ["an id that is none", "query ($v: ID!) { job(id: $v) { id } }", { v: "first" }, /id: "first" is not an ID/],
    ["a scope's id", "query { streamCursor(jobId: 7) }", {}, /jobId/],
    ["two scopes", `query { streamCursor(jobId: "${UNKNOWN}", taskId: "${UNKNOWN}") }`, {}, /one of/],
    ["first: -1", "query { jobs(first: -1) { nodes { id } } }", {}, /first/],
    ["first: 10,000", "query { jobs(first: 10000) { nodes { id } } }", {}, /first.*100/],
    ["first and last", "query { jobs(first: 1, last: 1) { nodes { id } } }", {}, /first.*last/],
    ["a cursor that is none", 'query { jobs(after: "x") { nodes { id } } }', {}, /after/],
    [
      "a cursor of another list",
      "query ($v: String) { collections(after: $v) { nodes { id } } }",
      { v: "eyJhIjoxfQ" },
      /after/,
    ],
    ["tasks of nobody", "query { tasks { nodes { id } } }", {}, /jobId/],
    ["a negative offset", "query ($v: ID!) { document(id: $v) { text(offset: -1) } }", {}, /offset/],
    ["a limit of 100,001", "query ($v: ID!) { document(id: $v) { text(limit: 100001) } }", {}, /limit/],
    [
      "a search for nothing",
      'query ($v: ID!) { search(collectionId: $v, query: "") { score } }',
      { v: UNKNOWN },
      /query|collectionId/,
    ],
    ["an unknown enum", "query { jobs(filter: { status: [DONE] }) { nodes { id } } }", {}, /DONE/],
    ["an unknown field", "query { jobs { nodes { colour } } }", {}, /colour/],
    ["a syntax error", "query {", {}, /Syntax Error/],
    ["a wrong type", "query ($v: Int) { jobs(first: $v) { nodes { id } } }", { v: "many" }, /\$v/],
    [
      "a date that is none",
      'query { jobs(filter: { createdAfter: "yesterday" }) { nodes { id } } }',
      {},
      /DateTime|date/i,
    ],
  ];
  test.each(cases)("%s", async (_what, query, variables, message) => {
    const before = await everything();
    const { errors } = await api.send(query, { v: at.document, ...variables });
    expect(errors).toHaveLength(1);
    expect(errors[0]!.message).toMatch(message);
    expect(errors[0]!.extensions.code).toMatch(/^(BAD_USER_INPUT|GRAPHQL_PARSE_FAILED|GRAPHQL_VALIDATION_FAILED)$/);
    expect(JSON.stringify(errors)).not.toMatch(/stack|node_modules|\.js:/);
    expect(await everything()).toBe(before);
  });

  test("an id that nothing has is null, not an error", async () => {
    const { data, errors } = await api.send(
      `query ($v: ID!) { node(id: $v) { id } collection(id: $v) { id } document(id: $v) { id } job(id: $v) { id } task(id: $v) { id } }`,
      { v: UNKNOWN },
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({ node: null, collection: null, document: null, job: null, task: null });
  });
});

describe("a file that is missing or can't be read", () => {
  test("is taken, and fails its own task with NOT_READABLE while the others complete", async () => {
    const collectionId = await api.rig.collection(1);
    const uri = pathToFileURL(path.join(api.rig.deps.fileRoots[0]!, "missing.txt")).href;
    const { data } = await api.send(ADD, { input: { collectionId, documents: [{ name: "missing.txt", uri }] } });
    expect(data!.result.userErrors).toEqual([]);
    const worker = await api.rig.startWorker();
    const jobId = await api.rig.submit("plain", 0, { collectionId });
    expect(await api.rig.settled(jobId)).toBe("COMPLETED_WITH_ERRORS");
    const { data: read } = await api.send(
      `query ($id: ID!) { job(id: $id) { tasks(filter: { status: [FAILED] }) { nodes { documentName stage error { code message retryable } } } } }`,
      { id: jobId },
    );
    expect(read!.job.tasks.nodes).toEqual([
      {
        documentName: "missing.txt",
        stage: "read",
        error: {
          code: "NOT_READABLE",
          message: expect.stringContaining("missing.txt"),
          retryable: expect.any(Boolean),
        },
      },
    ]);
    await worker.stop(0);
  });
});
