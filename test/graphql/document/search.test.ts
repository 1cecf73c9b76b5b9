import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ApiClient } from "../../../src/cli/client.js";
import { collectionOf, progressOf, submit } from "../../scenarios/main-job.js";
import { startHeadway, type HeadwayProcess } from "../../support/processes.js";

const LETTERS = Array.from({ length: 40 }, (_, n) => ({
  name: `letter-${n}.txt`,
  text: `Dear customer, the invoice INV-${960 + n} of ${n + 1} May is open. Please see that the invoice is paid soon.`,
}));
const OTHERS = [
  { name: "rows.csv", text: `Number,Town\n${Array.from({ length: 30 }, (_, n) => `R-${n},Kraków ${n}`).join("\n")}` },
  { name: "japanese.txt", text: "先月の請求書をお送りします。ご確認ください。" },
  { name: "mail.txt", text: "Ask Ann Lee <ann.lee@example.org> about the 1,234.56 euros, she will know it all." },
  { name: "pumps.txt", text: "Each tank has a pump of its own, which runs day and night." },
];

let headway: HeadwayProcess;
let api: ApiClient;
let dataDir: string;
let id: string;
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "headway-search-"));
  headway = await startHeadway({ HEADWAY_DATA_DIR: dataDir, HEADWAY_EMBEDDER: "hash" });
  api = new ApiClient(headway.url, headway.key);
  id = await collectionOf(api, "found by words", [...LETTERS, ...OTHERS]);
  await run(id, { graph: false });
});
afterAll(async () => {
  await api.close();
  await headway.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function run(collectionId: string, options: object): Promise<void> {
  await progressOf(api, await submit(api, collectionId, "documents", { options }));
}

interface Hit {
  readonly score: number;
  readonly highlights: readonly { readonly start: number; readonly end: number }[];
  readonly chunk: { readonly text: string; readonly document: { readonly name: string } };
}
async function search(query: string, collectionId = id, first = 5): Promise<Hit[]> {
  const data = await api.query<{ search: Hit[] }>(
    `query ($id: ID!, $query: String!, $first: Int) { search(collectionId: $id, query: $query, first: $first) {
       score highlights { start end } chunk { text document { name } } } }`,
    { id: collectionId, query, first },
  );
  return data.search;
}
const marked = ({ chunk: { text }, highlights }: Hit): string[] =>
  highlights.map(({ start, end }) => text.slice(start, end));

describe("search by words and by meaning", () => {
  test.each([
    ["INV-991", "letter-31.txt", ["INV-991"]],
    ["inv 991", "letter-31.txt", ["INV", "991"]],
    [
      "which customer has the open invoice INV-991?",
      "letter-31.txt",
      ["customer", "invoice", "INV-991", "open", "invoice"],
    ],
    ["krakow", "rows.csv", ["Kraków"]],
    ["請求書", "japanese.txt", ["請求書"]],
    ["ANN.LEE@EXAMPLE.ORG", "mail.txt", ["ann.lee@example.org"]],
    ["1234.56", "mail.txt", ["1,234.56"]],
    ["pump for a tank", "pumps.txt", ["tank", "pump"]],
  ])("%s is found first in %s", async (query, name, words) => {
    const hits = await search(query);
    expect(hits[0]!.chunk.document.name).toBe(name);
    expect(marked(hits[0]!)).toEqual(expect.arrayContaining(words));
    const scores = hits.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(scores.every((score) => score > 0 && score <= 1)).toBe(true);
  });

  test("without vectors what has the words is found, and nothing else", async () => {
    const plain = await collectionOf(api, "without vectors", LETTERS);
    await run(plain, { graph: false, embeddings: false });
    expect((await search("INV-991", plain)).map((hit) => hit.chunk.document.name)).toEqual(["letter-31.txt"]);
    expect(await search("zebrafish", plain)).toEqual([]);
    expect(await search("?!", plain)).toEqual([]);
  });

  test("words follow the text: of a document that is read anew, of one that has gone, of a collection that is deleted", async () => {
    const own = await collectionOf(api, "moving", LETTERS.slice(0, 3));
    await run(own, { graph: false });
    await run(own, { graph: false, chunkSize: 200 });
    expect((await search("INV-961", own)).filter((hit) => marked(hit).includes("INV-961"))).toHaveLength(1);
    const { collection } = await api.query<{ collection: { documents: { nodes: { id: string; name: string }[] } } }>(
      "query ($id: ID!) { collection(id: $id) { documents { nodes { id name } } } }",
      { id: own },
    );
    const gone = collection.documents.nodes.find(({ name }) => name === "letter-1.txt")!;
    await api.mutate(
      `mutation ($input: RemoveDocumentsInput!) { removeDocuments(input: $input) { userErrors { code message } } }`,
      { input: { collectionId: own, documentIds: [gone.id] } },
    );
    expect((await search("INV-961", own)).flatMap(marked)).toEqual([]);
  });

  test("a query is words, whatever signs of Postgres' own language it has", async () => {
    for (const query of ["invoice & !INV", "'; drop table headway.chunk; --", "a:*b <-> (c", "\\'\\", "INV-991:*"])
      await expect(search(query)).resolves.toEqual(expect.any(Array));
  });
});
