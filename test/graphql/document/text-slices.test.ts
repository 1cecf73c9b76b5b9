import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";

const keep = definePipeline({
  name: "keep",
  version: 1,
  documentStages: [{ name: "text", run: async (ctx) => ctx.setText(await ctx.document.text()) }],
});
const PLAIN = "Ünïcödé — 漢字 and so on. ".repeat(40);
const PAIRS = "a😀b𝒳c ".repeat(150);

let api: TestApi;
const ids: Record<string, string> = {};
beforeAll(async () => {
  api = await createTestApi([keep]);
  const collectionId = await api.rig.collection([
    { name: "plain", text: PLAIN },
    { name: "pairs", text: PAIRS },
    { name: "none", text: "" },
  ]);
  const worker = await api.rig.startWorker();
  await api.rig.settled(await api.rig.submit("keep", 0, { collectionId }));
  await worker.stop(0);
  const rows = await api.rig.db.query("select id, name from headway.document where collection_id = $1", [collectionId]);
  for (const { id, name } of rows as { id: string; name: string }[]) ids[name] = id;
});
afterAll(() => api.close());

async function slice(name: string, offset: number, limit: number): Promise<string | null> {
  const query =
    "query ($id: ID!, $offset: Int, $limit: Int) { document(id: $id) { text(offset: $offset, limit: $limit) } }";
  const { data, errors } = await api.send(query, { id: ids[name], offset, limit });
  expect(errors).toEqual([]);
  return data!.document.text as string | null;
}

describe("a slice of a text", () => {
  test.each<[string, string]>([
    ["plain", PLAIN],
    ["pairs", PAIRS],
  ])("of %s characters is what JavaScript's slice gives, wherever it begins and ends", async (name, whole) => {
    for (const [offset, limit] of [
      [0, 10],
      [1, 1],
      [2, 3],
      [7, 100],
      [8, 100],
      [whole.length - 3, 100],
      [whole.length, 5],
      [whole.length + 1, 5],
      [2_147_483_647, 100_000],
      [5, 0],
      [0, 100_000],
    ] as const) {
      expect([offset, limit, await slice(name, offset, limit)]).toEqual([
        offset,
        limit,
        whole.slice(offset, offset + limit),
      ]);
    }
  });

  test("of an empty text is empty", async () => {
    expect(await slice("none", 0, 10)).toBe("");
  });

  test("brings no more than itself out of the database, where every character is one unit", async () => {
    const rows = await api.rig.db.query(
      "select d.name, x.one_unit_each from headway.document_text x join headway.document d on d.id = x.document_id order by d.name",
    );
    expect(rows).toEqual([
      { name: "none", one_unit_each: true },
      { name: "pairs", one_unit_each: false },
      { name: "plain", one_unit_each: true },
    ]);
  });

  test("is asked for twice in one request with different offsets", async () => {
    const { data } = await api.send(
      "query ($id: ID!) { document(id: $id) { one: text(offset: 0, limit: 4) two: text(offset: 4, limit: 4) } }",
      { id: ids.plain },
    );
    expect(data!.document).toEqual({ one: PLAIN.slice(0, 4), two: PLAIN.slice(4, 8) });
  });
});
