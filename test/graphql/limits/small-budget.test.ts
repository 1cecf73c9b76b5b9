import type { Pool } from "pg";
import type { PostgresDriver } from "typeorm/driver/postgres/PostgresDriver.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";

const MAX_RESPONSE_BYTES = 20_000;
/** Four times the answer. */
const MAX_READ_BYTES = 4 * MAX_RESPONSE_BYTES;
const DOCUMENTS = 40;
/** Of one letter, which the database packs into some hundred bytes. */
const ROW_BYTES = 60_000;

const plain = definePipeline({
  name: "plain",
  version: 1,
  documentStages: [{ name: "read", run: async () => null }],
});

let api: TestApi;
let collectionId: string;
beforeAll(async () => {
  api = await createTestApi([plain], { maxResponseBytes: MAX_RESPONSE_BYTES, trustedMs: 3_600_000 });
  collectionId = await api.rig.collection(DOCUMENTS);
  await api.rig.db.query(
    "update headway.document set metadata = jsonb_build_object('note', repeat('n', $2)) where collection_id = $1",
    [collectionId, ROW_BYTES],
  );
});
afterAll(() => api.close());

/** How many bytes the database has sent to this process so far. */
function bytesRead(): number {
  const pool = (api.rig.db.driver as PostgresDriver).master as Pool & {
    readonly _clients: readonly { readonly connection: { readonly stream: { readonly bytesRead: number } } }[];
  };
  return pool._clients.reduce((sum, { connection }) => sum + connection.stream.bytesRead, 0);
}

const TOO_LARGE = { message: expect.any(String), extensions: expect.objectContaining({ code: "RESPONSE_TOO_LARGE" }) };

describe("H8: what is read for one request", () => {
  test.each([
    ["in one list", "a: documents(first: 40) { nodes { metadata } }"],
    [
      "in many lists at once",
      Array.from({ length: 20 }, (_, i) => `a${i}: documents(first: ${20 + i}) { nodes { metadata } }`).join(" "),
    ],
  ])("is bounded by its real size: %s", async (_what, lists) => {
    const before = bytesRead();
    const { data, errors } = await api.send(`query ($id: ID!) { collection(id: $id) { ${lists} } }`, {
      id: collectionId,
    });
    expect([data, errors]).toEqual([null, [TOO_LARGE]]);
    expect(bytesRead() - before).toBeLessThan(MAX_READ_BYTES + ROW_BYTES + 20_000);
  });
});

describe("H8: what an answer holds is counted as it is written", () => {
  test.each([
    ["quotes", '"', 2],
    ["control characters", "\u0001", 6],
  ])("%s", async (_what, character, width) => {
    const note = character.repeat(15_000);
    expect(JSON.stringify(note)).toHaveLength(width * 15_000 + 2);
    const id = await api.rig.collection(0);
    await api.rig.db.query("update headway.collection set description = $2 where id = $1", [id, note]);
    const { data, errors } = await api.send("query ($id: ID!) { collection(id: $id) { description } }", { id });
    expect([data, errors]).toEqual([null, [TOO_LARGE]]);
  });
});

describe("H8: mutations whose answer would be too large", () => {
  const UPDATE = "mutation ($a: UpdateCollectionInput!, $b: UpdateCollectionInput!, $c: UpdateCollectionInput!)";
  const metadata = { note: "n".repeat(15_000) };
  const nameOf = async (id: string): Promise<string> =>
    (await api.rig.db.query("select name from headway.collection where id = $1", [id]))[0].name;

  test("are answered as done, with the refusal on what is left out and every other error beside it", async () => {
    const ids = [await api.rig.collection(0), await api.rig.collection(0)] as const;
    const { data, errors } = await api.send(
      `${UPDATE} {
        a: updateCollection(input: $a) { collection { name metadata } userErrors { code } }
        b: updateCollection(input: $b) { collection { name metadata } userErrors { code } }
        c: updateCollection(input: $c) { collection { name search: documents(first: 1000) { nodes { id } } } userErrors { code } }
      }`,
      {
        a: { collectionId: ids[0], name: "first", metadata },
        b: { collectionId: ids[1], name: "second", metadata },
        c: { collectionId: ids[1], name: "third" },
      },
    );
    expect(data).toEqual({
      a: { collection: { name: "first", metadata }, userErrors: [] },
      b: { collection: null, userErrors: [] },
      c: { collection: null, userErrors: [] },
    });
    expect(errors.map(({ path, extensions }) => [path?.slice(0, 2), extensions.code])).toEqual([
      [["b", "collection"], "RESPONSE_TOO_LARGE"],
      [["c", "collection"], "RESPONSE_TOO_LARGE"],
    ]);
    expect(errors[1]!.extensions.carriedOut).toEqual(["a", "b", "c"]);
    expect([await nameOf(ids[0]), await nameOf(ids[1])]).toEqual(["first", "third"]);
  });

  test("keep the errors of others", async () => {
    const id = await api.rig.collection(0);
    const { data, errors } = await api.send(
      `mutation ($a: UpdateCollectionInput!) {
        a: updateCollection(input: $a) { collection { name x: metadata y: metadata } userErrors { code } }
        b: repair(input: { jobId: "none" }) { changed }
      }`,
      { a: { collectionId: id, metadata } },
    );
    expect(data).toBeNull(); // What repair answers can't be null.
    expect(errors.map(({ extensions }) => extensions.code).sort()).toEqual(["BAD_USER_INPUT", "RESPONSE_TOO_LARGE"]);
    const refusal = errors.find(({ extensions }) => extensions.code === "RESPONSE_TOO_LARGE")!;
    expect(refusal.extensions.carriedOut).toEqual(["a"]);
  });

  test("say that they were carried out where their answer has no place for a null", async () => {
    const id = await api.rig.collection(0);
    const { data, errors } = await api.send(
      `mutation ($input: AddDocumentsInput!) {
        added: addDocuments(input: $input) { documents { ${Array.from({ length: 25 }, (_, i) => `n${i}: name`).join(" ")} } }
      }`,
      {
        input: {
          collectionId: id,
          documents: [
            { name: "a".repeat(450), text: "a" },
            { name: "b".repeat(450), text: "b" },
          ],
        },
      },
    );
    expect(data).toBeNull();
    expect(errors).toEqual([
      expect.objectContaining({
        path: expect.arrayContaining(["added", "documents"]),
        extensions: { code: "RESPONSE_TOO_LARGE", carriedOut: ["added"] },
      }),
    ]);
    expect(await api.rig.db.query("select from headway.document where collection_id = $1", [id])).toHaveLength(2);
  });
});

test("each mutation of a request answers with what it has made, whatever those before it have loaded", async () => {
  const id = await api.rig.collection(1);
  const { data } = await api.send(
    `mutation ($id: ID!) {
      a: updateCollection(input: { collectionId: $id, name: "before" }) { collection { name canSubmit { allowed } } }
      b: updateCollection(input: { collectionId: $id, name: "after" }) { collection { name } }
      c: addDocuments(input: { collectionId: $id, documents: [{ name: "d", text: "t" }] }) { documents { name } }
      d: submitJob(input: { collectionId: $id, pipeline: "plain" }) { job { collection { name canSubmit { allowed } } } }
    }`,
    { id },
  );
  expect(data!.a.collection).toEqual({ name: "before", canSubmit: { allowed: true } });
  expect(data!.b.collection.name).toBe("after");
  expect(data!.d.job.collection).toEqual({ name: "after", canSubmit: { allowed: false } });
});
